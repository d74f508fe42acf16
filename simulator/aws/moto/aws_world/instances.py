"""The life of an instance: moto's are running at once and terminated at once; ours take their time, as EC2's do."""

import copy
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import convert_tag_spec
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, MetadataOptions, StateReason

from . import account, images, placement, quota, reservations
from .faults import faults
from .questions import questions
from .world import world

PENDING = ("pending", 0)
RUNNING = ("running", 16)
SHUTTING_DOWN = ("shutting-down", 32)
TERMINATED = ("terminated", 48)
STOPPING = ("stopping", 64)
STOPPED = ("stopped", 80)

#: What moto has of a call without one.
NO_TOKEN = "ABCDE"

_run_instances = InstanceBackend.run_instances
_start = Instance.start
_stop = Instance.stop
_terminate = Instance.terminate
_reboot = Instance.reboot


def set_state(instance: Any, state: tuple[str, int]) -> None:
    instance._state = InstanceState(*state)
    world.emit(describe(instance))
    fleet = getattr(instance, "ec2_fleet", None)
    if fleet:
        fleet.instance_changed()


def describe(instance: Any) -> dict[str, Any]:
    """The event that tells the simulator about an instance."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    kind = INSTANCE_TYPES.get(instance.instance_type, {})
    gpus = kind.get("GpuInfo", {}).get("Gpus", [])
    return {
        "event": "instance",
        "account": instance.owner_id,
        "region": instance.region_name,
        "instanceId": instance.id,
        "state": instance.state,
        "instanceType": instance.instance_type,
        "vcpus": kind.get("VCpuInfo", {}).get("DefaultVCpus", 1),
        "memoryMib": kind.get("MemoryInfo", {}).get("SizeInMiB", 1024),
        "gpus": [{"count": gpu.get("Count", 0), "model": gpu.get("Name", "")} for gpu in gpus],
        "zone": instance.availability_zone,
        "vpc": instance.vpc_id,
        "privateDns": instance.private_dns_name,
        "privateIp": instance.nics[0].private_ip_address if instance.nics else None,
        "publicIp": instance.nics[0].public_ip if instance.nics else None,
        "userData": str(instance.user_data) if instance.user_data else None,
        "boots": getattr(instance, "boots", 0),
        "lifeCycle": "spot" if instance.lifecycle == "spot" else "on-demand",
        "interruption": getattr(instance, "interruption", None),
        "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
    }


def refuse_launch(backend: Any, instance_type: str, zone: str, spot: bool, count: int = 1) -> None:
    """Raises what EC2 says when it has no capacity, or when the account's quota is used up."""
    fault = faults.for_launch(instance_type, zone, "spot" if spot else "on-demand")
    if fault:
        default = "An internal error has occurred"
        message = fault.message if fault.message != default else (
            "There is no Spot capacity available that matches your request."
            if spot
            else f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). "
            "Our system will be working on provisioning additional capacity."
        )
        raise EC2ClientError("InsufficientInstanceCapacity" if fault.code == "InternalError" else fault.code, message)
    living = sum(other.state_code not in (SHUTTING_DOWN[1], TERMINATED[1]) for other in _all_instances())
    bound = questions.bound(living + count)
    if bound:
        raise EC2ClientError(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). "
            f"Simulator: {bound}.",
        )
    code = quota.code_of(instance_type, spot)
    if code is None:
        return
    used = sum(
        quota.vcpus_of(other.instance_type)
        for other in backend.all_instances()
        if other.state_code in (PENDING[1], RUNNING[1])
        and quota.code_of(other.instance_type, other.lifecycle == "spot") == code
    )
    if used + count * quota.vcpus_of(instance_type) > quota.value_of(code):
        if spot:
            raise EC2ClientError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
        raise EC2ClientError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {quota.value_of(code):g} allows for the "
            "instance bucket that the specified instance type belongs to.",
        )


def _all_instances() -> Any:
    from moto.backends import get_backend

    for regions in get_backend("ec2").values():
        for backend in regions.values():
            yield from backend.all_instances()


def fail(instance: Any, message: str) -> None:
    """The host cannot run it: EC2 terminates such an instance by itself (reference: "Troubleshoot Amazon EC2 instance launch issues")."""
    if instance.state_code in (SHUTTING_DOWN[1], TERMINATED[1]):
        return
    _terminate_by_itself(instance, "Server.InternalError", f"Internal error on launch. Simulator: {message}")


def interrupt(instance: Any, seconds: float) -> None:
    """Notice first, the end later (reference: EC2 user guide, "Spot Instance interruption notices")."""
    end = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    instance.interruption = json.dumps({"action": "terminate", "time": end.strftime("%Y-%m-%dT%H:%M:%SZ")})
    world.emit(describe(instance))
    world.after("spotNotice", instance.terminate)


def _terminate_by_itself(instance: Any, code: str, message: str) -> None:
    instance.failure = StateReason(f"{code}: {message}", code)
    instance.state_reason = instance.failure
    instance.terminate()


def run_instances(self: Any, image_id: str, count: int, user_data: Any, security_group_names: list[str], **kwargs: Any) -> Any:
    launches = self.__dict__.setdefault("launches_by_token", {})
    token = kwargs.get("client_token")
    if token in launches:
        # A call that is sent again: moto forgets its token.
        return launches[token]
    template = kwargs.get("launch_template")
    data = self._get_template_from_args(template).data if template else {}
    if not kwargs.get("nics") and not kwargs.get("subnet_id") and data.get("NetworkInterfaces"):
        kwargs["nics"] = data["NetworkInterfaces"]
    if not kwargs.get("metadata_options") and data.get("MetadataOptions"):
        kwargs["metadata_options"] = data["MetadataOptions"]
    if "block_device_mappings" not in kwargs and data.get("BlockDeviceMappings"):
        # moto would make its own root disk besides, and keep it for ever.
        kwargs["block_device_mappings"] = data["BlockDeviceMappings"]
    instance_type = data.get("InstanceType") if kwargs.get("is_instance_type_default") else kwargs.get("instance_type")
    spot = bool(kwargs.get("instance_market_options"))
    subnet_id = kwargs.get("subnet_id") or next((nic["SubnetId"] for nic in kwargs.get("nics") or [] if "SubnetId" in nic), None)
    zone = self.get_subnet(subnet_id).availability_zone if subnet_id else f"{self.region_name}a"
    placement_group = (data.get("Placement") or {}).get("GroupName")
    placement.require(self, placement_group)
    given = (kwargs.get("tags") or {}).get("volume", {})
    volume_tags = {**convert_tag_spec(data.get("TagSpecifications") or []).get("volume", {}), **given}
    account.require_volume_tags(volume_tags)
    images.require(self, image_id or data.get("ImageId"))
    reservation_id = reservations.target_of(self, data)
    if reservation_id:
        reservations.require(self, reservation_id, instance_type or "m1.small", zone, count)
    refuse_launch(self, instance_type or "m1.small", zone, spot, count)
    kwargs.setdefault("region_name", self.region_name)
    before = set(self.enis)
    reservation = _run_instances(self, image_id, count, user_data, security_group_names, **kwargs)
    for instance in reservation.instances:
        require_tag_keys_for_metadata(instance, kwargs.get("metadata_options") or {})
        require_private(instance)
        for volume_id in [device.volume_id for device in instance.block_device_mapping.values()]:
            self.volumes[volume_id].add_tags(volume_tags)
        for eni in interfaces_of(instance):
            # EC2's default for interfaces that are made with the instance.
            eni.delete_on_termination = eni.delete_on_termination or eni.id not in before
        given = kwargs.get("iam_instance_profile_name") or kwargs.get("iam_instance_profile_arn")
        if data.get("IamInstanceProfile") and not given:
            profile = data["IamInstanceProfile"]
            self.associate_iam_instance_profile(
                instance_id=instance.id,
                iam_instance_profile_name=profile.get("Name"),
                iam_instance_profile_arn=profile.get("Arn"),
            )
        instance.placement_group = placement_group
        instance.capacity_reservation_id = reservation_id
        set_state(instance, PENDING)
        fault = faults.for_launch(instance.instance_type, zone, "spot" if spot else "on-demand", "launch")
        by_fleet = "aws:ec2:fleet-id" in (kwargs.get("tags") or {}).get("instance", {})
        if by_fleet and not account.may_encrypt_disks(self, spot):
            message = "Client error on launch"
            world.after("launch", lambda instance=instance: _terminate_by_itself(instance, "Client.InternalError", message))
        elif fault:
            world.after("launch", lambda instance=instance, fault=fault: _terminate_by_itself(instance, fault.code, fault.message))
        else:
            world.after("launch", lambda instance=instance: _now_running(instance))
    if token and token != NO_TOKEN:
        launches[token] = reservation
    return reservation


def interfaces_of(instance: Any) -> list[Any]:
    """All of them: several network cards have interfaces of one device index, of which moto's instances know the last."""
    return [eni for eni in instance.ec2_backend.enis.values() if eni.instance is instance]


def require_tag_keys_for_metadata(instance: Any, given: dict[str, Any]) -> None:
    """EC2 refuses tags in the instance's metadata whose keys hold a slash: reference, "Tag restrictions"."""
    options: MetadataOptions = instance.metadata_options
    if "InstanceMetadataTags" not in given and account.settings["instanceMetadataTags"]:
        options.instance_metadata_tags = "enabled"
    if options.instance_metadata_tags != "enabled":
        return
    for tag in instance.get_tags():
        if "/" in tag["key"]:
            instance._state = InstanceState(*TERMINATED)
            raise EC2ClientError(
                "InvalidParameterValue",
                f"'{tag['key']}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), "
                "and must not be a reserved name ('.', '..', '_index')",
            )


def require_private(instance: Any) -> None:
    if instance.public_ip and "AssociatePublicIpAddress" in account.settings["denied"]:
        instance._state = InstanceState(*TERMINATED)
        raise EC2ClientError("UnauthorizedOperation", account.denied("RunInstances"))


def _now_running(instance: Any) -> None:
    if instance.state_code == PENDING[1]:
        instance.boots = getattr(instance, "boots", 0) + 1
        set_state(instance, RUNNING)


def terminate(self: Any) -> InstanceState:
    previous = copy.copy(self._state)
    if previous.code in (SHUTTING_DOWN[1], TERMINATED[1]):
        return previous
    set_state(self, SHUTTING_DOWN)
    world.after("shutDown", lambda: _now_terminated(self))
    return previous


def _now_terminated(instance: Any) -> None:
    further = [eni for eni in interfaces_of(instance) if eni.delete_on_termination]
    _terminate(instance)
    for eni in further:
        instance.ec2_backend.enis.pop(eni.id, None)
    failure = getattr(instance, "failure", None)
    if failure:
        # moto takes every termination for the user's.
        instance.state_reason = failure
    set_state(instance, TERMINATED)


def stop(self: Any) -> InstanceState:
    previous = copy.copy(self._state)
    if previous.code != RUNNING[1]:
        return previous
    set_state(self, STOPPING)

    def stopped() -> None:
        if self.state_code == STOPPING[1]:
            _stop(self)
            set_state(self, STOPPED)

    world.after("shutDown", stopped)
    return previous


def start(self: Any) -> InstanceState:
    previous = copy.copy(self._state)
    if previous.code != STOPPED[1]:
        return previous
    _start(self)
    set_state(self, PENDING)
    world.after("launch", lambda: _now_running(self))
    return previous


def reboot(self: Any) -> None:
    if self.state_code == RUNNING[1]:
        _reboot(self)
        self.boots += 1
        set_state(self, RUNNING)


def install() -> None:
    Instance.reboot = reboot  # type: ignore[method-assign]
    InstanceBackend.run_instances = run_instances  # type: ignore[method-assign]
    Instance.terminate = terminate  # type: ignore[method-assign]
    Instance.stop = stop  # type: ignore[method-assign]
    Instance.start = start  # type: ignore[method-assign]
