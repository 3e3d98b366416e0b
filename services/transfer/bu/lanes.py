"""Files that wait for their delivery to a GUI machine, and the threads that deliver them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

CONCATENATION, MERGED_FILE = "concatenation", "merged file"
"""What is delivered."""
RETRY_S, RETRY_MOST_S = 1.0, 30.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """One file for one GUI machine.

    Attributes:
        run: Its run.
        what: `concatenation` or `merged file`.
        name: Its name at the GUI machine.
        path: The file on this host.
        size: Bytes.
        made: When the file was complete; this and all times in s since 1970.
        version: Of a merged file, its version. Of a concatenation, the version of the merge that its run goes on after; 0 if there is none.
        copied: When it was copied; 0 before.
        registered: When it was registered; 0 before, and when it needs no registration.
        attempts: How often it was tried.
        error: Why the last attempt failed; empty if it did not.
        is_done: Whether nothing is left to do.
    """

    run: int
    what: str
    name: str
    path: str
    size: int
    made: float
    version: int = 0
    copied: float = 0.0
    registered: float = 0.0
    attempts: int = 0
    error: str = ""
    is_done: bool = False

    @property
    def slot(self) -> tuple[int, int]:
        """A later file in the same slot replaces an earlier one that is not delivered yet."""
        return self.run, self.version if self.what == MERGED_FILE else 0

    @property
    def urgency(self) -> tuple[int, ...]:
        """Sort key: concatenations of newer runs first, merged files by run and version."""
        return (-self.run,) if self.what == CONCATENATION else (self.run, self.version)

    def key(self, machine: str) -> str:
        """Its key in the journal: one for each merged file, one for all concatenations of a run."""
        return f"{machine} {self.name if self.what == MERGED_FILE else self.what}"


@dataclass
class _Waiting:
    """A delivery that waits.

    Attributes:
        delivery: What to deliver.
        due: When to try it, s of the monotonic clock.
        retry_s: Seconds until the attempt after the next one.
        overtaken: How often another delivery was tried first while this one was due.
    """

    delivery: Delivery
    due: float = 0.0
    retry_s: float = field(default_factory=lambda: RETRY_S)
    overtaken: int = 0

    @property
    def order(self) -> tuple[int, ...]:
        """Sort key: by urgency, but an overtaken delivery is next."""
        return (-self.overtaken, *self.delivery.urgency)


class Lane(threading.Thread):
    """The thread for the files of one kind for one machine. A file that fails waits longer each time, without holding up others."""

    def __init__(self, name: str, attempt: Callable[[Delivery], Delivery], on_change: Callable[[], None]) -> None:
        """Prepare.

        Args:
            name: Of the thread.
            attempt: Tries to deliver; returns the delivery with its new state.
            on_change: Called after each attempt.
        """
        super().__init__(name=name, daemon=True)
        self._attempt, self._on_change = attempt, on_change
        self._waiting: dict[tuple[int, int], _Waiting] = {}
        self._current = ""
        self._condition = threading.Condition()
        self._stopping = False

    def add(self, delivery: Delivery) -> None:
        """Deliver a file, in place of an earlier one of its slot."""
        with self._condition:
            earlier = self._waiting.get(delivery.slot)
            if earlier is None:
                self._waiting[delivery.slot] = _Waiting(delivery)
            elif earlier.delivery.name != delivery.name:
                earlier.delivery = replace(delivery, error=earlier.delivery.error)
            self._condition.notify()

    @property
    def waiting(self) -> int:
        """Files to deliver."""
        with self._condition:
            return len(self._waiting)

    @property
    def error(self) -> str:
        """The error of the failed delivery that is tried next; empty if none failed."""
        with self._condition:
            failed = [one for one in self._waiting.values() if one.delivery.error]
            return min(failed, key=lambda one: one.due).delivery.error if failed else ""

    def uses(self, path: str) -> bool:
        """Whether a file waits or is being delivered."""
        with self._condition:
            return path == self._current or any(one.delivery.path == path for one in self._waiting.values())

    def stop(self) -> None:
        """End after the current attempt."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def run(self) -> None:
        """Deliver until the end."""
        while delivery := self._next():
            try:
                result = self._attempt(delivery)
            except Exception:  # a fault must not end the deliveries
                log.exception("Cannot deliver %s", delivery.path)
                result = delivery
            self._finish(delivery, result)
            self._on_change()

    def _next(self) -> Delivery | None:
        """Wait for the next delivery; None at the end."""
        with self._condition:
            while not self._stopping:
                now = time.monotonic()
                due = [one for one in self._waiting.values() if one.due <= now]
                if due:
                    chosen = min(due, key=lambda one: one.order)
                    for one in due:
                        one.overtaken += 1
                    chosen.overtaken = 0
                    self._current = chosen.delivery.path
                    return chosen.delivery
                self._condition.wait(min((one.due for one in self._waiting.values()), default=now + 3600) - now)
            return None

    def _finish(self, delivery: Delivery, result: Delivery) -> None:
        with self._condition:
            self._current = ""
            waiting = self._waiting[delivery.slot]
            is_newest = waiting.delivery is delivery
            if result.is_done:
                for one in self._waiting.values():
                    one.due = 0.0  # the machine can be reached
                if is_newest:
                    del self._waiting[delivery.slot]
                else:
                    waiting.delivery = replace(waiting.delivery, error="")
                return
            waiting.delivery = result if is_newest else replace(waiting.delivery, error=result.error)
            waiting.due = time.monotonic() + waiting.retry_s
            waiting.retry_s = min(2 * waiting.retry_s, RETRY_MOST_S)
