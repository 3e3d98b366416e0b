"""The gateway at P5, as the pollers of this process share it.

The gateway is one thread that blocks: while it looks at a cluster, or waits for a host, it answers nobody else. So
requests to it take turns, and their timeouts begin with their turn. While it is unreachable one request at a time
probes it, and its first response wakes the pollers of all hosts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from app.square.errors import P5Busy

log = logging.getLogger(__name__)

PROBE_S = 2.0
"""Pause between two probes of an unreachable gateway, s."""

MAX_PROBE_S = 130.0
"""A probe that is not over after so long was given up, s."""

BUSY = "The gateway executes the command "
"""Beginning of the message of P5Busy."""

TURN_CHECK_S = 0.5
"""Pause between two looks of a waiting request at what the gateway is doing, s."""

SILENT_HOSTS = 2
"""If so many hosts in a row do not respond in time, the gateway itself is considered unreachable."""


class Gateway:
    """What this process knows of a gateway.

    Attributes:
        problem: Why it is unreachable; "" while it responds.
        recovered_at: When it responded again after it was unreachable, Unix s UTC; 0 if it never was.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()  # held during a request
        self._command = ""  # that the gateway executes
        self.problem = ""
        self.recovered_at = 0.0
        self._lock = threading.Lock()
        self._silent: set[str] = set()  # hosts without a response in time since the last response
        self._since = self._probe_at = 0.0  # monotonic

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The turn of a request, once the requests before it have ended. Raises P5Busy while a command is one of them."""
        while not self._turn.acquire(timeout=TURN_CHECK_S):
            if self._command:
                raise P5Busy(f"{BUSY}{self._command}, and responds to nothing else meanwhile.")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def turn_of_command(self, title: str) -> Iterator[None]:
        """The turn of a command, which can take minutes."""
        with self._turn:
            self._command = title
            try:
                yield
            finally:
                self._command = ""

    def needs_probe(self) -> bool:
        """Whether it is unreachable, and nobody probes it."""
        return bool(self.problem) and time.monotonic() >= self._probe_at

    def admits(self) -> bool:
        """Whether a request may be sent now: always while it responds, otherwise as a probe, one at a time."""
        with self._lock:
            if self.problem and not self.needs_probe():
                return False
            self._probe_at = time.monotonic() + MAX_PROBE_S
            return True

    def record_response(self) -> None:
        """It has responded, whatever the status."""
        with self._lock:
            self._silent.clear()
            if self.problem:
                log.warning("The gateway of P5 responds again, after %.0f s", time.monotonic() - self._since)
                self.problem = ""
                self.recovered_at = time.time()

    def record_unreachable(self, problem: str) -> None:
        """It does not accept connections."""
        with self._lock:
            self._fail(problem)

    def record_silence(self, host: str, problem: str) -> None:
        """A request for a host was not answered in time: either of them may be the reason."""
        with self._lock:
            self._silent.add(host)
            if self.problem or len(self._silent) >= SILENT_HOSTS:
                self._fail(problem)

    def _fail(self, problem: str) -> None:
        now = time.monotonic()
        self._probe_at = now + PROBE_S
        if not self.problem:
            self._since = now
            log.warning("The gateway of P5 does not respond: %s", problem)
        self.problem = problem


@lru_cache(maxsize=16)
def gateway_at(url: str) -> Gateway:
    """The gateway behind a URL."""
    return Gateway()
