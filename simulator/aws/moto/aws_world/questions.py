"""What only the simulator knows: asked on standard output, answered on standard input."""

import threading
from typing import Any

from .world import world

#: It answers at once; a simulator that does not must not hold up a request.
DEADLINE_SECONDS = 10


class Questions:
    def __init__(self) -> None:
        #: Whether the simulator answers. Records have nothing to tell.
        self.answered = False
        self._asking = threading.Lock()
        self._arrived = threading.Event()
        self._answer: Any = None

    def ask(self, **question: Any) -> Any:
        """None: it does not answer."""
        if not self.answered:
            return None
        with self._asking:
            self._arrived.clear()
            world.emit({"event": "question", **question})
            return self._answer if self._arrived.wait(DEADLINE_SECONDS) else None

    def answer(self, given: Any) -> None:
        self._answer = given
        self._arrived.set()

    def bound(self, instances: int) -> str | None:
        """Why the simulator's computer cannot carry so many instances that are on or keep their place; None: it can."""
        room = self.ask(about="room")
        if room is None or room["most"] is None or instances <= room["most"]:
            return None
        return str(room["bound"])


questions = Questions()
