"""Placement groups, which moto does not have. They are names only: no machine here is near another."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX
from moto.moto_api._internal import mock_random

STRATEGIES = ("cluster", "partition", "spread")


class PlacementGroup(TaggedEC2Resource):
    def __init__(self, backend: Any, name: str, strategy: str, partitions: int | None, tags: dict[str, str]):
        self.id = f"pg-{mock_random.get_random_hex(length=17)}"
        self.ec2_backend = backend
        self.name = name
        self.strategy = strategy
        self.partitions = partitions
        self.add_tags(tags)

    def described(self) -> dict[str, Any]:
        arn = f"arn:aws:ec2:{self.ec2_backend.region_name}:{self.ec2_backend.account_id}:placement-group/{self.name}"
        return {
            "GroupId": self.id,
            "GroupName": self.name,
            "GroupArn": arn,
            "State": "available",
            "Strategy": self.strategy,
            "PartitionCount": self.partitions,
            "SpreadLevel": "rack" if self.strategy == "spread" else None,
            "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in self.get_tags()],
        }


def groups_of(backend: Any) -> dict[str, PlacementGroup]:
    """By name."""
    return backend.__dict__.setdefault("placement_groups", {})


def require(backend: Any, name: str | None) -> None:
    if name and name not in groups_of(backend):
        raise EC2ClientError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")


def create_placement_group(self: Any) -> ActionResult:
    name, strategy = self._get_param("GroupName"), self._get_param("Strategy") or "cluster"
    count = self._get_param("PartitionCount")
    tags = self._parse_tag_specification("placement-group").get("placement-group", {})
    self.error_on_dryrun()
    groups = groups_of(self.ec2_backend)
    if name in groups:
        raise EC2ClientError("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    if strategy not in STRATEGIES:
        raise EC2ClientError("InvalidParameterValue", f"Value ({strategy}) for parameter strategy is invalid.")
    if count and strategy != "partition":
        raise EC2ClientError("InvalidParameterCombination", "PartitionCount is for the strategy partition only.")
    partitions = int(count or 2) if strategy == "partition" else None
    groups[name] = PlacementGroup(self.ec2_backend, name, strategy, partitions, tags)
    return ActionResult({"PlacementGroup": groups[name].described()})


def describe_placement_groups(self: Any) -> ActionResult:
    groups = groups_of(self.ec2_backend)
    names, ids = self._get_param("GroupNames") or [], self._get_param("GroupIds") or []
    for name in names:
        require(self.ec2_backend, name)
    found = [group for group in groups.values() if (not names or group.name in names) and (not ids or group.id in ids)]
    return ActionResult({"PlacementGroups": [group.described() for group in found]})


def delete_placement_group(self: Any) -> ActionResult:
    name = self._get_param("GroupName")
    self.error_on_dryrun()
    require(self.ec2_backend, name)
    for instance in self.ec2_backend.all_instances():
        if getattr(instance, "placement_group", None) == name and instance.state_code != 48:
            raise EC2ClientError("InvalidPlacementGroup.InUse", f"The placement group '{name}' is in use and may not be deleted.")
    del groups_of(self.ec2_backend)[name]
    return ActionResult({"Return": True})


_do_resources_exist = EC2Backend.do_resources_exist


def do_resources_exist(self: Any, resource_ids: list[str]) -> bool:
    known = {group.id for group in groups_of(self).values()}
    return _do_resources_exist(self, [resource_id for resource_id in resource_ids if resource_id not in known])


def install() -> None:
    EC2_RESOURCE_TO_PREFIX["placement-group"] = "pg"
    EC2_PREFIX_TO_RESOURCE["pg"] = "placement-group"
    EC2Backend.do_resources_exist = do_resources_exist  # type: ignore[method-assign]
    for call in (create_placement_group, describe_placement_groups, delete_placement_group):
        setattr(EC2Response, call.__name__, call)
