"""EC2 Fleets of type maintain, which keep their target: they launch what is missing, and replace what they notice to be gone."""

import time
from datetime import datetime, timezone
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.utils import convert_tag_spec, random_fleet_id, random_spot_request_id

from . import instances
from .instances import PENDING, RUNNING, SHUTTING_DOWN
from .world import world

LIVE = (PENDING[1], RUNNING[1])


class Member:
    """An instance as its fleet knows it: the fleet counts it until it notices that it is gone."""

    def __init__(self, instance: Any, weight: float, spot: bool):
        self.instance = instance
        self.weight = weight
        self.spot = spot
        self.request_id = random_spot_request_id() if spot else None
        self.gone_since: float | None = None


class Fleet(TaggedEC2Resource):
    def __init__(self, backend: Any, request: dict[str, Any]):
        self.ec2_backend = backend
        self.id = random_fleet_id()
        self.type = request.get("Type") or "maintain"
        self.configs: list[dict[str, Any]] = request["LaunchTemplateConfigs"]
        self.capacity: dict[str, Any] = dict(request["TargetCapacitySpecification"])
        self.capacity["TotalTargetCapacity"] = int(self.capacity["TotalTargetCapacity"])
        self.capacity.setdefault("DefaultTargetCapacityType", "on-demand")
        self.excess = request.get("ExcessCapacityTerminationPolicy") or "termination"
        self.spot_options: dict[str, Any] = request.get("SpotOptions") or {}
        self.on_demand_options: dict[str, Any] = request.get("OnDemandOptions") or {}
        self.replace_unhealthy = request.get("ReplaceUnhealthyInstances") in (True, "true")
        self.client_token = request.get("ClientToken")
        self.created = datetime.now(timezone.utc)
        self.state = "submitted"
        self.has_errors = False
        #: What the fleet counts, and everything that it ever launched.
        self.members: list[Member] = []
        self.launched: list[Member] = []
        self.history: list[dict[str, Any]] = []
        self._seen: list[tuple[float, list[Member]]] = []
        self._reconciling = False
        self.add_tags(convert_tag_spec(request.get("TagSpecifications") or []).get("fleet", {}))

        self.note("fleet-change", "submitted")
        world.after("fleetReaction", self._activate)

    # What others see

    @property
    def target(self) -> int:
        return self.capacity["TotalTargetCapacity"]

    def live(self) -> list[Member]:
        return [member for member in self.launched if member.instance.state_code in LIVE]

    def fulfilled(self, spot: bool | None = None) -> float:
        return sum(member.weight for member in self.live() if spot is None or member.spot == spot)

    def activity(self) -> str:
        if self.state.startswith("deleted"):
            return "pending_termination" if self.live() else "fulfilled"
        if self.has_errors and self.fulfilled() < self.target:
            return "error"
        if self.fulfilled() > self.target and self.excess == "termination":
            return "pending_termination"
        return "fulfilled" if self.fulfilled() >= self.target else "pending_fulfillment"

    def listed_instances(self) -> list[Member]:
        """Running instances as of a while ago: EC2 refreshes this list periodically."""
        self._look()
        then = time.monotonic() - world.seconds("fleetInstancesLag")
        known = [members for at, members in self._seen if at <= then]
        return known[-1] if known else []

    def note(self, kind: str, sub_type: str, instance_id: str | None = None, description: str = "") -> None:
        information = {"EventSubType": sub_type, "EventDescription": description}
        if instance_id:
            information["InstanceId"] = instance_id
        self.history.append({"EventType": kind, "EventInformation": information, "Timestamp": datetime.now(timezone.utc)})

    # What others do

    def modify(self, request: dict[str, Any]) -> None:
        if self.type != "maintain":
            raise EC2ClientError("InvalidParameter", f"Fleet {self.id} is of type {self.type}, which cannot be modified")
        if self.state not in ("submitted", "active"):
            raise EC2ClientError("IncorrectState", f"The fleet {self.id} is in state {self.state} and cannot be modified")
        if request.get("ExcessCapacityTerminationPolicy"):
            self.excess = request["ExcessCapacityTerminationPolicy"]
        if request.get("LaunchTemplateConfigs"):
            self.configs = request["LaunchTemplateConfigs"]
        target = request.get("TargetCapacitySpecification") or {}
        if "TotalTargetCapacity" in target:
            self.capacity["TotalTargetCapacity"] = int(target["TotalTargetCapacity"])
        self.state = "modifying"
        self.note("fleet-change", "modify_in_progress")
        world.after("fleetModification", self._modified)

    def delete(self, terminate: bool) -> None:
        self.capacity["TotalTargetCapacity"] = 0 if terminate else self.target
        self.state = "deleted_terminating" if terminate else "deleted_running"
        self.note("fleet-change", self.state)
        if terminate:
            for member in self.live():
                member.instance.terminate()
        world.after("fleetDeletion", self._deleted)

    def interrupt(self, member: Member) -> None:
        """What a spot interruption does."""
        self.note("instance-change", "termination_notified", member.instance.id)
        instances.interrupt(member.instance, world.seconds("spotNotice"))

    # What the fleet does by itself

    def _activate(self) -> None:
        if self.state == "submitted":
            self.state = "active"
            self.note("fleet-change", "active")
            self._reconcile()

    def _modified(self) -> None:
        if self.state == "modifying":
            self.state = "active"
            self.note("fleet-change", "modify_succeeded")
            self._reconcile()

    def _deleted(self) -> None:
        if any(member.instance.state_code in (*LIVE, SHUTTING_DOWN[1]) for member in self.launched) and self.target == 0:
            world.after("fleetDeletion", self._deleted)
        else:
            self.state = "deleted"
            self.note("fleet-change", "deleted")

    def instance_changed(self) -> None:
        """What is gone is counted for a while longer."""
        for member in self.members:
            if member.gone_since is None and member.instance.state_code not in LIVE:
                member.gone_since = time.monotonic()
                world.after("fleetNoticesLoss", lambda member=member: self._drop(member))
        self._look()

    def _drop(self, member: Member) -> None:
        if member in self.members:
            self.members.remove(member)
            self.note("instance-change", "terminated", member.instance.id)
            self._look()
        if self.type == "maintain":
            self._reconcile()

    def _reconcile(self) -> None:
        """Compares the target with what the fleet believes to have."""
        if self.state != "active":
            return
        believed = sum(member.weight for member in self.members)
        if believed > self.target and self.excess == "termination":
            self._shrink(believed - self.target)
        elif believed < self.target:
            self._grow(self.target - believed)

    def _shrink(self, excess: float) -> None:
        # The newest first. One that is gone without the fleet's knowledge is as good as any other, so a live one may die for it.
        for member in reversed([member for member in self.members if member.gone_since is None]):
            if excess < member.weight:
                break
            self.members.remove(member)
            self.note("instance-change", "terminated", member.instance.id)
            member.instance.terminate()
            excess -= member.weight

    def _grow(self, missing: float) -> None:
        failures: list[str] = []
        while missing > 0:
            spot = self._next_is_spot()
            member = self._launch_somewhere(spot, failures)
            if member is None:
                break
            self.members.append(member)
            self.launched.append(member)
            member.instance.ec2_fleet = self
            self.note("instance-change", "launched", member.instance.id)
            missing -= member.weight
        self._look()
        self.has_errors = bool(failures)
        if missing > 0:
            for failure in dict.fromkeys(failures):
                self.note("service-error", "spotFleetRequestConfigurationInvalid", description=failure)
            world.after("fleetRetry", self._reconcile)

    def _next_is_spot(self) -> bool:
        on_demand_base = int(self.capacity.get("OnDemandTargetCapacity") or 0)
        spot_base = int(self.capacity.get("SpotTargetCapacity") or 0)
        if self.fulfilled(spot=False) < on_demand_base:
            return False
        if self.fulfilled(spot=True) < spot_base:
            return True
        return self.capacity["DefaultTargetCapacityType"] == "spot"

    def _launch_somewhere(self, spot: bool, failures: list[str]) -> Member | None:
        for config, override in self._candidates(spot):
            if self._unusable(override):
                continue
            try:
                return self._launch(config, override, spot)
            except (KeyError, AttributeError) as error:
                failures.append(f"{override.get('InstanceType', '')}: InvalidLaunchTemplate: {error} is missing or does not exist")
            except ServiceException as error:
                failures.append(f"{override.get('InstanceType', '')}, {override.get('SubnetId', '')}: {error.code}: {error.message}")
        return None

    def _unusable(self, override: dict[str, Any]) -> bool:
        """A type that its zone does not offer: a fleet says so, again and again, and goes on with the others."""
        kind, subnet_id = override.get("InstanceType"), override.get("SubnetId")
        subnet = self.ec2_backend.get_subnet(subnet_id) if kind and subnet_id else None
        zones = [offer["Location"] for offer in self._offerings() if offer["InstanceType"] == kind]
        if subnet is None or not zones or subnet.availability_zone in zones:
            return False
        reason = (
            f"Unsupported: Your requested instance type ({kind}) is not supported in your requested Availability Zone "
            f"({subnet.availability_zone})."
        )
        self.note("information", "launchSpecUnusable", description=f"{kind}, Linux/UNIX, {subnet.availability_zone}: {reason}")
        return True

    def _offerings(self) -> list[dict[str, str]]:
        return INSTANCE_TYPE_OFFERINGS["availability-zone"].get(self.ec2_backend.region_name, [])

    def _candidates(self, spot: bool) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Where to launch, best first. There are no prices here: the order given stands for the cheapest first."""
        pairs = [(config, override) for config in self.configs for override in config.get("Overrides") or [{}]]
        strategy = (self.spot_options if spot else self.on_demand_options).get("AllocationStrategy", "lowest-price")
        if strategy in ("prioritized", "capacity-optimized-prioritized"):
            pairs.sort(key=lambda pair: float(pair[1].get("Priority", "inf")))
        elif strategy == "diversified":
            counts = {
                (member.instance.instance_type, member.instance.subnet_id): 0 for member in self.members
            }
            for member in self.members:
                counts[(member.instance.instance_type, member.instance.subnet_id)] += 1
            pairs.sort(key=lambda pair: counts.get((pair[1].get("InstanceType"), pair[1].get("SubnetId")), 0))
        return pairs

    def _launch(self, config: dict[str, Any], override: dict[str, Any], spot: bool) -> Member:
        specification = config["LaunchTemplateSpecification"]
        data = {**self.ec2_backend._get_template_from_args(specification).data, **override}
        nics = [{**nic, "SubnetId": data.get("SubnetId") or nic.get("SubnetId")} for nic in data.get("NetworkInterfaces", [])]
        reservation = self.ec2_backend.run_instances(
            data["ImageId"],
            1,
            data.get("UserData"),
            [],
            instance_type=data["InstanceType"],
            is_instance_type_default=False,
            key_name=data.get("KeyName"),
            subnet_id=data.get("SubnetId"),
            nics=nics,
            launch_template=specification,
            instance_market_options="spot" if spot else None,
            tags={"instance": {"aws:ec2:fleet-id": self.id}},
        )
        return Member(reservation.instances[0], float(data.get("WeightedCapacity") or 1), spot)

    def _look(self) -> None:
        running = [member for member in self.members if member.instance.state_code == RUNNING[1]]
        if not self._seen or self._seen[-1][1] != running:
            self._seen.append((time.monotonic(), running))
            del self._seen[:-100]
