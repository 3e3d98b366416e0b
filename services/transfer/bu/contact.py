"""Whether a GUI machine can be reached."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

log = logging.getLogger(__name__)


class Contact:
    """Whether a machine is reachable, from the attempts of its lanes: one may fail for a reason of its own while another succeeds."""

    def __init__(self, name: str) -> None:
        """Begin, as if the machine could be reached."""
        self._name = name
        self._lock = threading.Lock()
        self._reached: dict[str, float] = {}
        self._failing: dict[str, float] = {}
        self._is_reachable, self._since, self._error = True, time.time(), ""
        self._error_since = 0.0

    def note(self, lane: str, is_reached: bool) -> None:
        """Note the end of an attempt: whether the machine was reached, also when it refused something."""
        with self._lock:
            if is_reached:
                self._failing.pop(lane, None)
                self._reached[lane] = time.monotonic()
            else:
                self._failing.setdefault(lane, time.monotonic())

    def update(self, errors: Iterable[str]) -> None:
        """Take over the errors of the files that wait for the machine, and log new ones."""
        with self._lock:
            error = next(filter(None, errors), "")
            if not error or not self._error:
                self._error_since = time.time() if error else 0.0
            before = self._is_reachable, self._error
            if self._is_reached() != self._is_reachable:
                self._is_reachable, self._since = not self._is_reachable, time.time()
            self._error = error
            self._log(*before)

    def _log(self, was_reachable: bool, known: str) -> None:
        """Log changes. The text may differ with each attempt to reach an unreachable machine: only the first one is logged."""
        is_same = self._error == known or (known and self._error and not self._is_reachable)
        if is_same and self._is_reachable == was_reachable:
            return
        if not self._error:
            log.info("GUI machine %s: deliveries succeed again", self._name)
        elif self._is_reachable:
            log.warning("GUI machine %s: %s", self._name, self._error)
        else:
            log.warning("GUI machine %s is unreachable: %s", self._name, self._error)

    def state(self) -> dict[str, Any]:
        """For reports: whether the machine is reachable and since when, an error of a waiting file, and when errors began."""
        with self._lock:
            since, failing = self._since, self._error_since
            return {"reachable": self._is_reachable, "since": since, "error": self._error, "failing": failing}

    def _is_reached(self) -> bool:
        """Whether no lane fails, or another lane has reached the machine since the failures began and does not fail."""
        began = min(self._failing.values(), default=None)
        return began is None or any(at > began for lane, at in self._reached.items() if lane not in self._failing)
