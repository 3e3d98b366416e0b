"""Leases of running jobs as one process sees them, by its monotonic clock: system clocks jump, and differ between hosts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

MOST_AT_ONCE = 0.25
"""Part of the length of a lease that counts at most between two looks: what stalls this process may stall the owner of the lease, too."""


class JobLease(NamedTuple):
    """The lease of a running job, as its row has it. Each renewal changes the end."""

    job: int
    owner: str
    end: float  # by the system clock of the owner: compared with itself only


class LeaseWatch:
    """For how long the leases of running jobs have not changed."""

    def __init__(self) -> None:
        self._unchanged_s: dict[JobLease, float] = {}
        self._looked = time.monotonic()

    def expired(self, leases: Iterable[JobLease], length_s: float) -> list[JobLease]:
        """The present leases that this process has seen unchanged for the length of a lease."""
        now = time.monotonic()
        passed_s = min(now - self._looked, MOST_AT_ONCE * length_s)
        self._looked = now
        self._unchanged_s = {lease: self._unchanged_s[lease] + passed_s if lease in self._unchanged_s else 0.0 for lease in leases}
        return [lease for lease, unchanged_s in self._unchanged_s.items() if unchanged_s >= length_s]
