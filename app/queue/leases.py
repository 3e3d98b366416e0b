"""Leases of running jobs as one process sees them, by its monotonic clock: system clocks jump, and differ between hosts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple


class JobLease(NamedTuple):
    """The lease of a running job, as its row has it. Each renewal changes the end."""

    job: int
    owner: str
    end: float  # by the system clock of the owner: compared with itself only


class LeaseWatch:
    """When the leases of running jobs changed last."""

    def __init__(self) -> None:
        self._unchanged_since: dict[JobLease, float] = {}

    def expired(self, leases: Iterable[JobLease], length_s: float) -> list[JobLease]:
        """The present leases that this process has seen unchanged for the length of a lease."""
        now = time.monotonic()
        self._unchanged_since = {lease: self._unchanged_since.get(lease, now) for lease in leases}
        return [lease for lease, since in self._unchanged_since.items() if now - since >= length_s]
