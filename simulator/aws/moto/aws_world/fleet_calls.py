"""The fleet calls of EC2's API. Reference: EC2 API, CreateFleet, ModifyFleet, DeleteFleets, DescribeFleets, …Instances, …History."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.fleets import Fleets

from . import account
from .fleets import Fleet
from .world import world

TOO_MANY_OVERRIDES = 300


def fleets_of(backend: Any) -> dict[str, Fleet]:
    return backend.fleets


def _fleet(call: Any) -> Fleet:
    fleet_id = call._get_param("FleetId")
    fleet = fleets_of(call.ec2_backend).get(fleet_id)
    if fleet is None:
        raise EC2ClientError("InvalidFleetId.NotFound", f"The fleet ID '{fleet_id}' does not exist")
    return fleet


def create_fleet(self: Any) -> ActionResult:
    request = json.loads(json.dumps(self._get_params(), default=str))
    self.error_on_dryrun()
    token = request.get("ClientToken")
    tokens: dict[str, tuple[str, str]] = self.ec2_backend.__dict__.setdefault("fleet_tokens", {})
    wanted = json.dumps({key: value for key, value in request.items() if key != "ClientToken"}, sort_keys=True)
    if token in tokens:
        before, fleet_id = tokens[token]
        if before != wanted:
            raise EC2ClientError(
                "IdempotentParameterMismatch", "Your request has the same client token as a previous, non-identical request"
            )
        return ActionResult({"FleetId": fleet_id})
    _check(self.ec2_backend, request)
    target = request.get("TargetCapacitySpecification") or {}
    account.require_fleet_role(self.ec2_backend, target.get("DefaultTargetCapacityType") == "spot")
    fleet = Fleet(self.ec2_backend, request)
    fleets_of(self.ec2_backend)[fleet.id] = fleet
    if token:
        tokens[token] = (wanted, fleet.id)
    return ActionResult({"FleetId": fleet.id})


def _check(backend: Any, request: dict[str, Any]) -> None:
    if (request.get("Type") or "maintain") != "maintain":
        raise EC2ClientError("UnsupportedOperation", "This simulator has fleets of type maintain only")
    for specification in request.get("TagSpecifications") or []:
        if specification.get("ResourceType") != "fleet":
            raise EC2ClientError(
                "InvalidTagParameter",
                "A fleet of type maintain takes tags for resource type fleet only; instances get theirs from the launch template",
            )
    _check_configs(backend, request.get("LaunchTemplateConfigs") or [])


def _check_configs(backend: Any, configs: list[dict[str, Any]]) -> None:
    overrides = 0
    subnet_of_zone: dict[str, str] = {}
    for config in configs:
        specification = config.get("LaunchTemplateSpecification") or {}
        if not specification.get("Version"):
            raise EC2ClientError("InvalidParameter", "LaunchTemplateSpecification needs a Version")
        backend._get_template_from_args(specification)
        for override in config.get("Overrides") or []:
            overrides += 1
            if "InstanceType" in override and "InstanceRequirements" in override:
                raise EC2ClientError("InvalidFleetConfig", "InstanceType and InstanceRequirements exclude each other")
            for subnet_id in filter(None, (override.get("SubnetId") or "").split(",")):
                zone = backend.get_subnet(subnet_id.strip()).availability_zone
                if subnet_of_zone.setdefault(zone, subnet_id.strip()) != subnet_id.strip():
                    raise EC2ClientError(
                        "InvalidFleetConfig", f"A fleet cannot use different subnets of the same Availability Zone ({zone})"
                    )
    if overrides > TOO_MANY_OVERRIDES:
        raise EC2ClientError("InvalidFleetConfig", f"At most {TOO_MANY_OVERRIDES} overrides in one fleet; given: {overrides}")


def modify_fleet(self: Any) -> ActionResult:
    request = json.loads(json.dumps(self._get_params(), default=str))
    fleet = _fleet(self)
    self.error_on_dryrun()
    if request.get("LaunchTemplateConfigs"):
        _check_configs(self.ec2_backend, request["LaunchTemplateConfigs"])
    fleet.modify(request)
    return ActionResult({"Return": True})


def delete_fleets(self: Any) -> ActionResult:
    self.error_on_dryrun()
    done, failed = [], []
    for fleet_id in self._get_param("FleetIds", []):
        fleet = fleets_of(self.ec2_backend).get(fleet_id)
        if fleet is None:
            code, message = "fleetIdDoesNotExist", f"The fleet ID '{fleet_id}' does not exist"
            failed.append({"FleetId": fleet_id, "Error": {"Code": code, "Message": message}})
        elif fleet.state in ("deleted", "deleted_terminating"):
            code, message = "fleetNotInDeletableState", f"The fleet {fleet_id} is in state {fleet.state}"
            failed.append({"FleetId": fleet_id, "Error": {"Code": code, "Message": message}})
        else:
            previous = fleet.state
            fleet.delete(self._get_bool_param("TerminateInstances") is True)
            done.append({"FleetId": fleet_id, "PreviousFleetState": previous, "CurrentFleetState": fleet.state})
    return ActionResult({"SuccessfulFleetDeletions": done, "UnsuccessfulFleetDeletions": failed})


def describe_fleets(self: Any) -> ActionResult:
    known = fleets_of(self.ec2_backend)
    wanted = self._get_param("FleetIds", [])
    for fleet_id in wanted:
        if fleet_id not in known:
            raise EC2ClientError("InvalidFleetId.NotFound", f"The fleet ID '{fleet_id}' does not exist")
    filters = self._filters_from_querystring()
    fleets = [known[fleet_id] for fleet_id in wanted] if wanted else list(known.values())
    fleets = [fleet for fleet in fleets if _fits(fleet, filters)]
    page, token = _page(self, fleets)
    return ActionResult({"Fleets": [_described(fleet) for fleet in page], "NextToken": token})


def _fits(fleet: Fleet, filters: dict[str, Any]) -> bool:
    values = {
        "activity-status": fleet.activity(),
        "excess-capacity-termination-policy": fleet.excess,
        "fleet-state": fleet.state.replace("_", "-"),
        "replace-unhealthy-instances": str(fleet.replace_unhealthy).lower(),
        "type": fleet.type,
    }
    for name, wanted in filters.items():
        if name not in values:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
        if values[name] not in wanted:
            return False
    return True


def _page(call: Any, items: list[Any]) -> tuple[list[Any], str | None]:
    start = int(call._get_param("NextToken") or 0)
    size = int(call._get_param("MaxResults") or 1000)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def _described(fleet: Fleet) -> dict[str, Any]:
    return {
        "FleetId": fleet.id,
        "Type": fleet.type,
        "FleetState": fleet.state,
        "ActivityStatus": fleet.activity(),
        "CreateTime": fleet.created,
        "ClientToken": fleet.client_token,
        "ExcessCapacityTerminationPolicy": fleet.excess,
        "FulfilledCapacity": fleet.fulfilled(),
        "FulfilledOnDemandCapacity": fleet.fulfilled(spot=False),
        "LaunchTemplateConfigs": fleet.configs,
        "TargetCapacitySpecification": fleet.capacity,
        "ReplaceUnhealthyInstances": fleet.replace_unhealthy,
        "TerminateInstancesWithExpiration": False,
        "SpotOptions": fleet.spot_options or None,
        "OnDemandOptions": fleet.on_demand_options or None,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in fleet.get_tags()],
    }


def describe_fleet_instances(self: Any) -> ActionResult:
    fleet = _fleet(self)
    page, token = _page(self, fleet.listed_instances())
    instances = [
        {
            "InstanceId": member.instance.id,
            "InstanceType": member.instance.instance_type,
            "SpotInstanceRequestId": member.request_id,
            "InstanceHealth": "healthy",
        }
        for member in page
    ]
    return ActionResult({"ActiveInstances": instances, "FleetId": fleet.id, "NextToken": token})


def describe_fleet_history(self: Any) -> ActionResult:
    fleet = _fleet(self)
    start = _time(self._get_param("StartTime"))
    latest = datetime.now(timezone.utc) - timedelta(seconds=world.seconds("historyLag"))
    kind = self._get_param("EventType")
    records = [
        record
        for record in fleet.history
        if start <= record["Timestamp"] <= latest and kind in (None, record["EventType"])
    ]
    page, token = _page(self, records)
    return ActionResult(
        {"FleetId": fleet.id, "HistoryRecords": page, "StartTime": start, "LastEvaluatedTime": latest, "NextToken": token}
    )


def _time(value: Any) -> datetime:
    time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def install() -> None:
    for call in (
        create_fleet,
        modify_fleet,
        delete_fleets,
        describe_fleets,
        describe_fleet_instances,
        describe_fleet_history,
    ):
        setattr(Fleets, call.__name__, call)
