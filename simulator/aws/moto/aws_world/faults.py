"""What tests make go wrong: answers of the API, stock-outs, and words in a fleet's history."""

import itertools
import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any

STATUS_OF_CODE = {
    "RequestLimitExceeded": 503,
    "Unavailable": 503,
    "InsufficientInstanceCapacity": 500,
    "InternalError": 500,
    "UnauthorizedOperation": 403,
}


@dataclass
class Fault:
    """One kind of failure. A fault with an `action` answers that API call with an error; one with a `capacity` keeps launches from
    succeeding; with one with a `launch`, instances are made and terminate at once, with its code and message as their StateReason."""

    id: str
    #: API action, for example "CreateFleet", or "*".
    action: str | None = None
    code: str = "InternalError"
    message: str = "An internal error has occurred"
    status: int | None = None
    #: How often it strikes; None: until it is removed.
    times: int | None = None
    #: How many matching calls pass before it strikes.
    skip: int = 0
    #: True: the call has its effect, and only the answer is lost.
    afterEffect: bool = False
    #: Which launches fail, where not given all: {"instanceType": ..., "zone": ..., "capacityType": "spot" | "on-demand"}.
    capacity: dict[str, str] | None = None
    #: Which launches end at once, as `capacity`.
    launch: dict[str, str] | None = None
    struck: int = field(default=0)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: dict[str, Fault] = {}

    def add(self, given: dict[str, Any]) -> Fault:
        known = {entry.name for entry in fields(Fault)} - {"id", "struck"}
        unknown = set(given) - known
        if unknown or sum(kind in given for kind in ("action", "capacity", "launch")) != 1:
            raise ValueError(f"a fault has an action, a capacity or a launch, and of {sorted(known)} only; given: {sorted(given)}")
        with self._lock:
            fault = Fault(id=f"fault-{next(self._ids)}", **given)
            self._faults[fault.id] = fault
            return fault

    def remove(self, fault_id: str | None = None) -> None:
        with self._lock:
            if fault_id is None:
                self._faults.clear()
            else:
                self._faults.pop(fault_id, None)

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults.values()]

    def for_action(self, action: str) -> Fault | None:
        return self._strike(lambda fault: fault.action in (action, "*"))

    def for_launch(self, instance_type: str, zone: str, capacity_type: str, kind: str = "capacity") -> Fault | None:
        """`kind`: "capacity" or "launch"."""
        place = {"instanceType": instance_type, "zone": zone, "capacityType": capacity_type}

        def matches(fault: Fault) -> bool:
            wanted: dict[str, str] | None = getattr(fault, kind)
            return wanted is not None and all(place.get(key) == value for key, value in wanted.items())

        return self._strike(matches)

    def _strike(self, matches: Any) -> Fault | None:
        with self._lock:
            for fault in self._faults.values():
                if not matches(fault) or (fault.times is not None and fault.struck >= fault.times):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.struck += 1
                return fault
        return None


faults = Faults()


def status_of(fault: Fault) -> int:
    return fault.status or STATUS_OF_CODE.get(fault.code, 400)
