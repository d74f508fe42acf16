"""Load balancers that can be reached: each has a loopback address for its name, on which the simulator forwards to its targets. Those of
Kubernetes' Services have names, as on AWS, because a Service's status takes no address for one, and nobody outside reaches them."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.instances import InstanceResponse
from moto.elb.models import ELBBackend, FakeHealthCheck
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from .network import next_public_address
from .questions import questions
from .world import world

_create = ELBv2Backend.create_load_balancer
_delete = ELBv2Backend.delete_load_balancer


def _is_of_service(balancer_tags: Any) -> bool:
    return any(tag.get("Key") == "kubernetes.io/service-name" for tag in balancer_tags or [])


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
    if _is_of_service(kwargs.get("tags")):
        balancer.dns_name = f"{balancer.name}-{balancer.arn.rsplit('/', 1)[-1]}.elb.{self.region_name}.amazonaws.com"
    else:
        balancer.dns_name = next_public_address()
    return balancer


def delete(self: Any, arn: str) -> None:
    balancer = self.load_balancers.get(arn)
    _delete(self, arn)
    if balancer and _is_reached(balancer):
        world.emit({**describe(self, balancer), "targets": []})


def _is_reached(balancer: Any) -> bool:
    return not balancer.dns_name.endswith(".amazonaws.com")


def _telling(call: Any) -> Any:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        for balancer in filter(_is_reached, self.load_balancers.values()):
            world.emit(describe(self, balancer))
        return result

    return wrapped


def modify_listener(self: Any, *args: Any, **kwargs: Any) -> Any:
    """moto leaves target groups with the balancers that they had."""
    listener = _modify_listener(self, *args, **kwargs)
    for balancer in self.load_balancers.values():
        actions = [action for each in balancer.listeners.values() for rule in each.rules.values() for action in rule.actions]
        linked = {arn for action in actions for arn in self._get_target_group_arns_from(action_data=action.data)}
        for arn, group in self.target_groups.items():
            others = [other for other in group.load_balancer_arns if other != balancer.arn]
            group.load_balancer_arns = [*others, balancer.arn] if arn in linked else others
    return listener


def new_target_group(self: Any, *args: Any, **kwargs: Any) -> None:
    _new_target_group(self, *args, **kwargs)
    if self.protocol in ("TCP", "UDP", "TCP_UDP", "TLS"):
        # Defaults: reference, "Edit target group attributes for your Network Load Balancer".
        kept = "false" if self.target_type == "ip" and self.protocol in ("TCP", "TLS") else "true"
        self.attributes |= {"preserve_client_ip.enabled": kept, "proxy_protocol_v2.enabled": "false"}


def deregister(self: Any, targets: Any) -> None:
    """Reference, DeregisterTargets: a target that does not exist is deregistered with success."""
    _deregister(self, [target for target in targets if target["Id"] in self.targets])


def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> FakeHealthStatus:
    """Of an instance: whether it runs, and what its machine answers. moto calls each one healthy that is not stopped."""
    status = _health_for(self, target, ec2_backend)
    if status.status != "healthy" or not target["Id"].startswith("i-"):
        return status
    # Reference, "Target health reason codes".
    instance = ec2_backend.get_instance_by_id(target["Id"])
    if instance is None or instance.state != "running":
        given = ("unused", "Target.InvalidState", f"Target is in the {instance.state if instance else 'terminated'} state")
    elif questions.ask(about="health", instanceId=target["Id"], port=int(status.port)) is False:
        given = ("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
    else:
        return status
    return FakeHealthStatus(target["Id"], status.port, self.health_check_port, *given)


def create_classic(self: Any, *args: Any, **kwargs: Any) -> Any:
    balancer = _create_classic(self, *args, **kwargs)
    port = balancer.listeners[0].instance_port if balancer.listeners else 80
    # Reference, "Configure health checks for your Classic Load Balancer".
    balancer.health_check = FakeHealthCheck(
        timeout="5", healthy_threshold="10", unhealthy_threshold="2", interval="30", target=f"TCP:{port}"
    )
    return balancer


def describe_instance_topology(self: Any) -> ActionResult:
    """Of no instance: only some types have one, and AWS leaves out the others."""
    return ActionResult({"Instances": []})


_modify_listener = ELBv2Backend.modify_listener
_new_target_group = FakeTargetGroup.__init__
_deregister = FakeTargetGroup.deregister
_health_for = FakeTargetGroup.health_for
_create_classic = ELBBackend.create_load_balancer


def install() -> None:
    ELBv2Backend.modify_listener = modify_listener  # type: ignore[method-assign]
    FakeTargetGroup.__init__ = new_target_group  # type: ignore[method-assign]
    FakeTargetGroup.deregister = deregister  # type: ignore[method-assign]
    FakeTargetGroup.health_for = health_for  # type: ignore[method-assign]
    ELBBackend.create_load_balancer = create_classic  # type: ignore[method-assign]
    InstanceResponse.describe_instance_topology = describe_instance_topology  # type: ignore[attr-defined]
    ELBv2Backend.create_load_balancer = create  # type: ignore[method-assign]
    ELBv2Backend.delete_load_balancer = delete  # type: ignore[method-assign]
    for name in ("create_listener", "modify_listener", "delete_listener", "register_targets", "deregister_targets"):
        setattr(ELBv2Backend, name, _telling(getattr(ELBv2Backend, name)))
