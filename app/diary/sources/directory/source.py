"""The source: what changed in directories since the last scan, as observations."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from app.core.settings import Settings
from app.diary.settings import DiarySettings
from app.diary.sources.directory.config import DirectoryConfig, read_config
from app.diary.sources.directory.memory import Memory
from app.diary.sources.directory.scan import DirectoryScan
from app.diary.sources.source import JobScan, JobSource

DAY_S = 86400.0


class Directory(JobSource):
    """Jobs by the traces that they leave in directories.

    What was read is remembered while the cursor comes from the last scan of this process. Otherwise the rows of the jobs have it: at the start
    of a process, after observations that could not be stored, and after a scan of another process.
    """

    title = "Directory"

    def __init__(self, name: str, config: DirectoryConfig, keep_s: float = 0.0) -> None:
        """keep_s: time after which the diary removes a job; its traces are then not mistaken for a new job; 0: never."""
        super().__init__(name, config.period_s)
        self.config = config
        self.keep_s = keep_s
        self._memory: Memory | None = None
        self._cursor: Mapping[str, Any] = {}

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """The new and the changed jobs; now and then all unfinished ones. Raises OSError without a configured folder."""
        memory = self._memory if cursor == self._cursor else None
        self._memory = None  # a scan that fails may have half of the changes
        memory = memory or Memory(self.name, self.config, self.keep_s, time.time())
        work = DirectoryScan(self.name, memory)
        has_all = work.read_submissions()
        is_whole = has_all and time.monotonic() >= memory.next_whole
        work.follow(is_whole)
        is_whole = is_whole and not work.is_over()
        if is_whole:
            memory.next_whole = time.monotonic() + self.config.complete_s
            memory.drop_old(work.now)
        self._memory, self._cursor = memory, {"scan": secrets.token_hex(8)}
        return JobScan(work.observations, self._cursor, is_whole, quarantined=work.quarantined)


def make(name: str, options: Mapping[str, Any], settings: Settings) -> JobSource:
    """A source by its options. Raises BadSourceConfig."""
    return Directory(name, read_config(options), settings.of(DiarySettings).diary_keep_days * DAY_S)
