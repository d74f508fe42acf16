"""What the simulator's computer can carry: asked of the simulator, which knows the machines of all clouds."""

import threading
from typing import Any

from .world import world

#: It answers at once; a simulator that does not must not hold up a request.
DEADLINE_SECONDS = 2


class Room:
    def __init__(self) -> None:
        #: Whether the simulator answers. Records and light machines need no room.
        self.asks = False
        self._asking = threading.Lock()
        self._answered = threading.Event()
        self._answer: dict[str, Any] = {}

    def bound(self, instances: int) -> str | None:
        """Why there may not be so many instances that are on or keep their place; None: there may."""
        if not self.asks:
            return None
        with self._asking:
            self._answered.clear()
            world.emit({"event": "room"})
            if not self._answered.wait(DEADLINE_SECONDS):
                return None
            most = self._answer["most"]
            return None if most is None or instances <= most else str(self._answer["bound"])

    def answer(self, given: dict[str, Any]) -> None:
        self._answer = given
        self._answered.set()


room = Room()
