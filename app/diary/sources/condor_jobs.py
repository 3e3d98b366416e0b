"""The jobs whose submission is in event logs: later events have only the id, and access points use the same ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from app.diary.observations.observation import Observation
from app.diary.states import UNFINISHED

MAX_JOBS = 5000
"""Jobs that are remembered, those with the latest events: more than some hundred kB would be written after each scan."""

_ROTATED = re.compile(r"\.(?:old|\d[\dT]*)$")


class LastEvent(NamedTuple):
    """What the last event said of a job."""

    state: str
    submitted: float  # Unix s UTC; 0: its submission is in no log that was read


class CondorJobs:
    """The last event of each unfinished job, by log and id. A log has the name that it had before it was rotated."""

    def __init__(self, stored: Mapping[str, Sequence[Any]]) -> None:
        """stored: What `stored` gave after the last scan."""
        self._last = {key: LastEvent(*values) for key, values in stored.items()}

    def last(self, log: str, native_id: str) -> LastEvent | None:
        """The last event of a job in the log of this path."""
        return self._last.get(_key(log, native_id))

    def note(self, log: str, found: Observation) -> None:
        """Remember an observation of a job in a log as its last one."""
        key = _key(log, found.native_id)
        self._last.pop(key, None)  # the latest ones are at the end
        self._last[key] = LastEvent(found.state, found.submitted)

    def stored(self) -> dict[str, list[Any]]:
        """The unfinished jobs, for a cursor."""
        unfinished = [(key, list(last)) for key, last in self._last.items() if last.state in UNFINISHED]
        return dict(unfinished[-MAX_JOBS:])


def _key(log: str, native_id: str) -> str:
    return f"{blake2b(_ROTATED.sub('', log).encode(errors='surrogateescape'), digest_size=6).hexdigest()} {native_id}"
