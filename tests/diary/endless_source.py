"""A process that scans a source whose last observations never come: `python -m tests.diary.endless_source`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from app.cli import open_database
from app.diary.observations.observation import Observation
from app.diary.sources.runner import scan_source
from app.diary.sources.source import JobScan, JobSource
from tests.diary.observations import NOW, seen

JOBS = 1000
STORED = 300
"""Jobs whose transactions end at the least before the process waits."""


class Endless(JobSource):
    """Jobs 0 to JOBS; it waits for ever before the last ones unless it is told not to."""

    title = "A source of the tests"

    def __init__(self, waits: bool) -> None:
        super().__init__("endless", 10.0)
        self.waits = waits
        self.cursors: list[Mapping[str, Any]] = []

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        self.cursors.append(cursor)
        return JobScan(self._observations(), {"at": cursor.get("at", 0) + 1}, complete=True)

    def _observations(self) -> Iterator[Observation]:
        for number in range(JOBS):
            if self.waits and number == STORED + 250:
                time.sleep(3600)
            yield seen(NOW, native_id=str(number))


if __name__ == "__main__":
    scan_source(Endless(waits=True), open_database())
