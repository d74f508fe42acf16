"""What EC2 does not delete while something uses it: moto deletes subnets and security groups with machines in them."""

from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

_delete_subnet = SubnetBackend.delete_subnet
_delete_security_group = SecurityGroupBackend._delete_security_group
_delete_vpc = VPCBackend.delete_vpc
_delete_nat_gateway = NatGatewayBackend.delete_nat_gateway


def delete_subnet(self: Any, subnet_id: str) -> Any:
    used = any(eni.subnet.id == subnet_id for eni in self.enis.values())
    nat = any(gateway.subnet_id == subnet_id and gateway.state != "deleted" for gateway in self.nat_gateways.values())
    if used or nat:
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return _delete_subnet(self, subnet_id)


def delete_security_group(self: Any, vpc_id: str | None, group_id: str) -> None:
    used = any(group.id == group_id for eni in self.enis.values() for group in eni.group_set)
    referenced = any(
        (rule.source_group or {}).get("GroupId") == group_id
        for groups in self.groups.values()
        for group in groups.values()
        if group.id != group_id
        for rule in [*group.ingress_rules, *group.egress_rules]
    )
    if used or referenced:
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    _delete_security_group(self, vpc_id, group_id)


def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
    gateway = _delete_nat_gateway(self, nat_gateway_id)
    self.enis.pop(gateway._eni.id, None)
    return gateway


def delete_vpc(self: Any, vpc_id: str) -> Any:
    groups = [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
    gateways = [gateway for gateway in self.internet_gateways.values() if getattr(gateway.vpc, "id", None) == vpc_id]
    if groups or gateways:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return _delete_vpc(self, vpc_id)


def install() -> None:
    NatGatewayBackend.delete_nat_gateway = delete_nat_gateway  # type: ignore[method-assign]
    SubnetBackend.delete_subnet = delete_subnet  # type: ignore[method-assign]
    SecurityGroupBackend._delete_security_group = delete_security_group  # type: ignore[method-assign]
    VPCBackend.delete_vpc = delete_vpc  # type: ignore[method-assign]
