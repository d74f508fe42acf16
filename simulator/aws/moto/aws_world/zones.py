"""Availability zones as an account sees them: moto has regular ones only, which are always available."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions

from .faults import Fault

#: States that a test has set, by the zone's name; `withdrawn`: AWS tells of it no more.
states: dict[str, str] = {}

#: Zones near a city, which an account switches on.
LOCAL = {"us-west-2": [("us-west-2-lax-1a", "usw2-lax1-az1", "us-west-2-lax-1")]}


def _described(region: str, name: str, zone_id: str, group: str, local: bool) -> dict[str, Any]:
    return {
        "ZoneName": name,
        "ZoneId": zone_id,
        "ZoneType": "local-zone" if local else "availability-zone",
        "OptInStatus": "not-opted-in" if local else "opt-in-not-required",
        "GroupName": group,
        "NetworkBorderGroup": group,
        "RegionName": region,
        "State": states.get(name, "available"),
        "Messages": [],
    }


def foreign(environ: dict[str, Any], region: str, action: str) -> Fault | None:
    """AWS itself has no address for a region that there is not. Whoever asks here all the same learns which there are, and nothing else."""
    if not region or region in RegionsAndZonesBackend.zones or region.startswith("aws-"):
        return None
    if action == "DescribeRegions":
        environ["HTTP_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"].replace(f"/{region}/", "/us-east-1/")
        return None
    return Fault("region", code="SignatureDoesNotMatch", message=f"Credential should be scoped to a valid region, not '{region}'.")


_FILTERS = {
    "zone-id": "ZoneId",
    "zone-type": "ZoneType",
    "zone-name": "ZoneName",
    "region-name": "RegionName",
    "state": "State",
    "opt-in-status": "OptInStatus",
    "group-name": "GroupName",
}


def describe_availability_zones(self: Any) -> ActionResult:
    self.error_on_dryrun()
    region = self.ec2_backend.region_name
    local = LOCAL.get(region, [])
    regular = [zone for zone in self.ec2_backend.describe_availability_zones() if zone.name not in [name for name, _, _ in local]]
    zones = [_described(region, zone.name, zone.zone_id, region, False) for zone in regular]
    if self._get_bool_param("AllAvailabilityZones"):
        zones += [_described(region, *each, True) for each in local]
    names, ids = self._get_param("ZoneNames", []), self._get_param("ZoneIds", [])
    wanted = [zone for zone in zones if (not names or zone["ZoneName"] in names) and (not ids or zone["ZoneId"] in ids)]
    for name, values in self._filters_from_querystring().items():
        if name not in _FILTERS:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
        wanted = [zone for zone in wanted if zone[_FILTERS[name]] in values]
    return ActionResult({"AvailabilityZones": [zone for zone in wanted if zone["State"] != "withdrawn"]})


def install() -> None:
    for region, local in LOCAL.items():
        # Subnets can be in them.
        RegionsAndZonesBackend.zones[region] += [Zone(region_name=region, name=name, zone_id=zone_id) for name, zone_id, _ in local]
    AvailabilityZonesAndRegions.describe_availability_zones = describe_availability_zones  # type: ignore[method-assign]
