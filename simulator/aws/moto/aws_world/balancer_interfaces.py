"""Network interfaces of load balancers, which moto does not have: one in each subnet. They hold on to subnets and security groups, until a
while after the balancer has gone."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.elb.models import ELBBackend
from moto.elbv2.models import ELBv2Backend

from .world import world


def _described(balancer: Any) -> str:
    """As AWS describes them: `ELB name` for the classic generation, else `ELB net/name/id`."""
    arn = getattr(balancer, "arn", None)
    return f"ELB {arn.split(':loadbalancer/')[1] if arn else balancer.name}"


def _interfaces(ec2: Any, description: str) -> list[Any]:
    return [eni for eni in ec2.enis.values() if eni.description == description]


def follow(self: Any, balancer: Any) -> None:
    """Makes a balancer's interfaces what its subnets and security groups say."""
    ec2 = ec2_backends[self.account_id][self.region_name]
    description = _described(balancer)
    wanted = {getattr(subnet, "id", subnet) for subnet in balancer.subnets}
    for eni in _interfaces(ec2, description):
        if eni.subnet.id not in wanted:
            eni.delete()
    for subnet_id in wanted - {eni.subnet.id for eni in _interfaces(ec2, description)}:
        subnet = ec2.get_subnet(subnet_id)
        eni = ec2.create_network_interface(subnet, subnet.get_available_subnet_ip(balancer), description=description)
        eni.requester_managed, eni.requester_id, eni.status = True, "amazon-elb", "in-use"
    for eni in _interfaces(ec2, description):
        eni._group_set = [ec2.get_security_group_from_id(group) for group in balancer.security_groups or []]


def release(self: Any, balancer: Any) -> None:
    ec2 = ec2_backends[self.account_id][self.region_name]
    description = _described(balancer)

    def gone() -> None:
        for eni in _interfaces(ec2, description):
            eni.delete()

    world.after("balancerRelease", gone)


def _creating(call: Any) -> Any:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        balancer = call(self, *args, **kwargs)
        follow(self, balancer)
        return balancer

    return wrapped


def _changing(call: Any) -> Any:
    def wrapped(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        result = call(self, name, *args, **kwargs)
        follow(self, self.load_balancers[name])
        return result

    return wrapped


def _deleting(call: Any) -> Any:
    def wrapped(self: Any, name: str) -> None:
        balancer = self.load_balancers.get(name)
        call(self, name)
        if balancer:
            release(self, balancer)

    return wrapped


def install() -> None:
    changes: dict[Any, tuple[str, ...]] = {
        ELBBackend: ("apply_security_groups_to_load_balancer", "attach_load_balancer_to_subnets", "detach_load_balancer_from_subnets"),
        ELBv2Backend: ("set_security_groups", "set_subnets"),
    }
    for backend, calls in changes.items():
        backend.create_load_balancer = _creating(backend.create_load_balancer)
        backend.delete_load_balancer = _deleting(backend.delete_load_balancer)
        for name in calls:
            setattr(backend, name, _changing(getattr(backend, name)))
