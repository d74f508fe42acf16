"""Time and events of the simulated region: one lock, one clock, and what happens after a while."""

import heapq
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

#: Milliseconds that things take. The keys are those of `AwsTiming` in timing.ts.
DEFAULT_TIMING: dict[str, float] = {
    "launch": 150,
    "shutDown": 150,
    "fleetReaction": 50,
    "fleetModification": 100,
    "fleetDeletion": 150,
    "fleetNoticesLoss": 300,
    "fleetRetry": 500,
    "fleetInstancesLag": 0,
    "historyLag": 0,
    "balancerRelease": 150,
    "spotNotice": 150,
}


class World:
    """Everything that changes moto's models does so under `lock`: moto's own requests and what was put off by `after`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.timing = dict(DEFAULT_TIMING)
        self._changed = threading.Condition(self.lock)
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._output = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._run, name="world", daemon=True).start()

    def seconds(self, delay: str) -> float:
        return self.timing[delay] / 1000

    def after(self, delay: str, work: Callable[[], None]) -> None:
        """Does the work when the delay has passed. Call it with the lock held."""
        heapq.heappush(self._due, (time.monotonic() + self.seconds(delay), next(self._numbers), work))
        self._changed.notify()

    def forget(self) -> None:
        """Nothing is due any more. Call it with the lock held."""
        self._due.clear()

    def advance(self) -> None:
        """Does everything that is due, so that a request sees the world as it is now. Call it with the lock held."""
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, work = heapq.heappop(self._due)
            try:
                work()
            except Exception as error:  # One object's failure must not stop the others' time.
                self.emit({"event": "defect", "message": f"{type(error).__name__}: {error}"})

    def emit(self, event: dict[str, Any]) -> None:
        """Tells the simulator, which reads our standard output line by line."""
        with self._output:
            sys.stdout.write(json.dumps(event, default=str) + "\n")
            sys.stdout.flush()

    def _run(self) -> None:
        with self.lock:
            while True:
                self.advance()
                wait = self._due[0][0] - time.monotonic() if self._due else None
                self._changed.wait(None if wait is None else max(wait, 0.001))


world = World()
