"""Load balancers that can be reached: each has a loopback address for its name, on which the simulator forwards to its targets."""

from typing import Any

from moto.elbv2.models import ELBv2Backend

from .network import next_public_address
from .world import world

_create = ELBv2Backend.create_load_balancer
_delete = ELBv2Backend.delete_load_balancer


def describe(backend: Any, balancer: Any) -> dict[str, Any]:
    """The event that tells the simulator about a load balancer."""
    actions = [action for listener in balancer.listeners.values() for action in listener.default_actions]
    groups = [backend.target_groups.get(action.data.get("TargetGroupArn")) for action in actions]
    return {
        "event": "balancer",
        "region": backend.region_name,
        "address": balancer.dns_name,
        "targets": sorted({target for group in groups if group for target in group.targets}),
    }


def create(self: Any, *args: Any, **kwargs: Any) -> Any:
    balancer = _create(self, *args, **kwargs)
    balancer.dns_name = next_public_address()
    return balancer


def delete(self: Any, arn: str) -> None:
    balancer = self.load_balancers.get(arn)
    _delete(self, arn)
    if balancer:
        world.emit({**describe(self, balancer), "targets": []})


def _telling(call: Any) -> Any:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        for balancer in self.load_balancers.values():
            world.emit(describe(self, balancer))
        return result

    return wrapped


def install() -> None:
    ELBv2Backend.create_load_balancer = create  # type: ignore[method-assign]
    ELBv2Backend.delete_load_balancer = delete  # type: ignore[method-assign]
    for name in ("create_listener", "delete_listener", "register_targets", "deregister_targets"):
        setattr(ELBv2Backend, name, _telling(getattr(ELBv2Backend, name)))
