"""On-Demand Capacity Reservations, which moto does not have: what they hold, and that a launch which targets one fits and does not exceed it."""

from typing import Any

from botocore.utils import parse_timestamp
from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random

#: Code of the state of an instance that takes no place any more.
TERMINATED, STOPPED = 48, 80


class CapacityReservation:
    def __init__(self, backend: Any, request: dict[str, Any]):
        self.id = f"cr-{mock_random.get_random_hex(length=17)}"
        self.backend = backend
        self.request = request
        self.state = "active"

    @property
    def free(self) -> int:
        inside = [each for each in self.backend.all_instances() if getattr(each, "capacity_reservation_id", None) == self.id]
        return int(self.request["InstanceCount"]) - sum(each.state_code not in (TERMINATED, STOPPED) for each in inside)

    def described(self) -> dict[str, Any]:
        wanted = self.request
        return {
            "CapacityReservationId": self.id,
            "OwnerId": self.backend.account_id,
            "InstanceType": wanted["InstanceType"],
            "InstancePlatform": wanted["InstancePlatform"],
            "AvailabilityZone": wanted["AvailabilityZone"],
            "Tenancy": wanted["Tenancy"] or "default",
            "TotalInstanceCount": int(wanted["InstanceCount"]),
            "AvailableInstanceCount": self.free,
            "State": self.state,
            "EndDateType": "limited" if wanted["EndDate"] else "unlimited",
            "EndDate": parse_timestamp(wanted["EndDate"]) if wanted["EndDate"] else None,
            "InstanceMatchCriteria": wanted["InstanceMatchCriteria"] or "open",
            "ReservationType": "default",
        }


def reservations_of(backend: Any) -> dict[str, CapacityReservation]:
    """By id."""
    return backend.__dict__.setdefault("capacity_reservations", {})


def _found(backend: Any, reservation_id: str) -> CapacityReservation:
    try:
        return reservations_of(backend)[reservation_id]
    except KeyError:
        raise EC2ClientError(
            "InvalidCapacityReservationId.NotFound", f"The capacity reservation '{reservation_id}' does not exist."
        ) from None


def target_of(backend: Any, template: dict[str, Any]) -> str | None:
    """Which one the launch under way targets; what the request says goes before what its template does."""
    asked = backend.__dict__.pop("asked_reservation", None) or template.get("CapacityReservationSpecification") or {}
    return (asked.get("CapacityReservationTarget") or {}).get("CapacityReservationId")


def require(backend: Any, reservation_id: str, instance_type: str, zone: str, count: int) -> None:
    reservation = _found(backend, reservation_id)
    fits = (instance_type, zone) == (reservation.request["InstanceType"], reservation.request["AvailabilityZone"])
    if reservation.state != "active" or not fits or count > reservation.free:
        raise EC2ClientError(
            "ReservationCapacityExceeded",
            "The requested reservation does not have sufficient compatible and available capacity for this request.",
        )


def create_capacity_reservation(self: Any) -> ActionResult:
    fields = ("InstanceType", "InstancePlatform", "AvailabilityZone", "Tenancy", "InstanceCount", "EndDate", "InstanceMatchCriteria")
    reservation = CapacityReservation(self.ec2_backend, {field: self._get_param(field) for field in fields})
    self.error_on_dryrun()
    reservations_of(self.ec2_backend)[reservation.id] = reservation
    return ActionResult({"CapacityReservation": reservation.described()})


def describe_capacity_reservations(self: Any) -> ActionResult:
    self.error_on_dryrun()
    ids = self._get_param("CapacityReservationIds") or list(reservations_of(self.ec2_backend))
    return ActionResult({"CapacityReservations": [_found(self.ec2_backend, each).described() for each in ids]})


def cancel_capacity_reservation(self: Any) -> ActionResult:
    reservation = _found(self.ec2_backend, self._get_param("CapacityReservationId"))
    self.error_on_dryrun()
    reservation.state = "cancelled"
    return ActionResult({"Return": True})


_run_instances = EC2Response.run_instances


def run_instances(self: Any) -> ActionResult:
    self.ec2_backend.asked_reservation = self._get_param("CapacityReservationSpecification")
    try:
        return _run_instances(self)
    finally:
        self.ec2_backend.asked_reservation = None


def install() -> None:
    EC2Response.run_instances = run_instances  # type: ignore[method-assign]
    for call in (create_capacity_reservation, describe_capacity_reservations, cancel_capacity_reservation):
        setattr(EC2Response, call.__name__, call)
