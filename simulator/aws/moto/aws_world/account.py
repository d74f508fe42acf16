"""What differs between accounts: their defaults, what their organisation demands, and the roles that they have."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.iam.exceptions import InvalidInput
from moto.iam.models import SERVICE_NAME_CONVERSION, IAMBackend, iam_backends
from moto.kms.models import kms_backends

from . import quota
from .faults import Fault

_NEW: dict[str, Any] = {
    #: Whether instances show their tags in metadata unless they say otherwise.
    "instanceMetadataTags": False,
    #: Keys of tags that a service control policy demands of volumes.
    "volumeTags": [],
    #: What a service control policy forbids: calls by name, and `AssociatePublicIpAddress` of instances.
    "denied": [],
    #: The customer's key for new disks; none: AWS's own.
    "ebsKey": None,
}
settings: dict[str, Any] = dict(_NEW)

_create_nat_gateway = NatGatewayBackend.create_nat_gateway
_create_service_linked_role = IAMBackend.create_service_linked_role


def reset() -> None:
    settings.update(_NEW)


def configure(given: dict[str, Any]) -> None:
    unknown = set(given) - set(_NEW)
    if unknown:
        raise ValueError(f"no such setting of an account: {sorted(unknown)}; known: {sorted(_NEW)}")
    settings.update(given)


def create_service_linked_role(self: Any, service_name: str, description: str, suffix: str) -> Any:
    name = f"AWSServiceRoleFor{SERVICE_NAME_CONVERSION.get(service_name.split('.')[0], service_name)}"
    if any(role.name == name for role in self.roles.values()):
        raise InvalidInput(f"Service role name {name} has been taken in this account, please try a different suffix.")
    return _create_service_linked_role(self, service_name, description, suffix)


def require_fleet_role(backend: Any, spot: bool) -> None:
    """A fleet that keeps its target acts by this role, and spot machines come by theirs: the console makes both, and the API does not."""
    names = {role.name for role in iam_backends[backend.account_id]["aws"].roles.values()}
    needed = {"AWSServiceRoleForEC2Fleet": "EC2 Fleet", **({"AWSServiceRoleForEC2Spot": "EC2 Spot Instances"} if spot else {})}
    for name, service in needed.items():
        if name not in names:
            raise EC2ClientError(
                "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
                f"The provided credentials do not have permission to create the service-linked role for {service}.",
            )


def require_volume_tags(tags: dict[str, str]) -> None:
    missing = [key for key in settings["volumeTags"] if key not in tags]
    if missing:
        raise EC2ClientError(
            "UnauthorizedOperation",
            "You are not authorized to perform this operation. User is not authorized to perform: ec2:RunInstances on resource: "
            f"volume/* with an explicit deny in a service control policy (tags missing: {', '.join(missing)})",
        )


def denial(service: str, action: str) -> Fault | None:
    if service != "ec2" or action not in settings["denied"]:
        return None
    return Fault("policy", code="UnauthorizedOperation", message=denied(action))


def denied(action: str) -> str:
    return (
        f"You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/test is not authorized to perform: ec2:{action} "
        "on resource: * with an explicit deny in a service control policy"
    )


def may_encrypt_disks(backend: Any, spot: bool) -> bool:
    """A fleet's machines have their disks by the service's role. With a key of the customer's, it needs a grant."""
    if settings["ebsKey"] is None:
        return True
    keys = kms_backends[backend.account_id][backend.region_name]
    key = keys.keys.get(keys.any_id_to_key_id(settings["ebsKey"]))
    if key is None or key.key_state != "Enabled":
        return False
    role = f"/AWSServiceRoleForEC2{'Spot' if spot else 'Fleet'}"
    return any(grant.grantee_principal.endswith(role) and "CreateGrant" in grant.operations for grant in key.grants.values())


def get_ebs_default_kms_key_id(self: Any) -> ActionResult:
    self.error_on_dryrun()
    return ActionResult({"KmsKeyId": settings["ebsKey"] or "alias/aws/ebs"})


def _within(code: str, error: str, count: Any, call: Any) -> Any:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("is_default") and count(self) >= quota.value_of(code):
            raise EC2ClientError(error, f"The maximum number has been reached (quota {code}).")
        return call(self, *args, **kwargs)

    return wrapped


def create_nat_gateway(self: Any, subnet_id: str, *args: Any, **kwargs: Any) -> Any:
    zone = self.get_subnet(subnet_id).availability_zone
    there = [each for each in self.nat_gateways.values() if self.get_subnet(each.subnet_id).availability_zone == zone and each.state == "available"]
    limit = quota.value_of(quota.NAT_GATEWAYS)
    if len(there) >= limit:
        raise EC2ClientError("NatGatewayLimitExceeded", f"Performing this operation would exceed the limit of {limit:g} NAT gateways")
    return _create_nat_gateway(self, subnet_id, *args, **kwargs)


def install() -> None:
    ElasticAddressBackend.allocate_address = _within(  # type: ignore[method-assign]
        quota.ADDRESSES, "AddressLimitExceeded", lambda backend: len(backend.addresses), ElasticAddressBackend.allocate_address
    )
    VPCBackend.create_vpc = _within(  # type: ignore[method-assign]
        quota.VPCS, "VpcLimitExceeded", lambda backend: len(backend.vpcs), VPCBackend.create_vpc
    )
    NatGatewayBackend.create_nat_gateway = create_nat_gateway  # type: ignore[method-assign]
    SERVICE_NAME_CONVERSION.update(
        {
            "ec2fleet": "EC2Fleet",
            "spot": "EC2Spot",
            "elasticfilesystem": "AmazonElasticFileSystem",
            "elasticloadbalancing": "ElasticLoadBalancing",
            "fsx": "AmazonFSx",
        }
    )
    IAMBackend.create_service_linked_role = create_service_linked_role  # type: ignore[method-assign]
    ElasticBlockStore.get_ebs_default_kms_key_id = get_ebs_default_kms_key_id  # type: ignore[attr-defined]
