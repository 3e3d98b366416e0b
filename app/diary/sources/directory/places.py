"""Places with traces of jobs: their entries by the ids in their names, listed again only when they changed."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.diary.sources.directory.config import Rule
from app.diary.sources.directory.files import Watched

RETRIES = 10
"""Most times that a place is listed again in one scan, for jobs that moved meanwhile."""


class Trace(NamedTuple):
    """The entry that gives the state of a job: that of the first rule that matches one."""

    rule: int
    folder: str
    entry: str


@dataclass(slots=True)
class FollowedJob:
    """A job whose traces are followed.

    Attributes:
        native_id, submitted: Its key; 0: the time is not known.
        folder: Where it was submitted; "" if no log says it.
        log: Path of its submission log; "" if there is none.
        state, job_dir: As observed last; "": never, or the job was missing since.
        at: When these changed, or when an unfinished job was observed last.
        line: First line of its trace, when a rule wants it.
        has_readme: Its README was read.
        readme_path: Where that is, if it is known.
        log_names: Names of the logs in its directory.
        waits_since: When its README was missing in a new directory, in which it may be another job; 0: it is not.
        pending_fields: Fields for the next observation, by name.
    """

    native_id: str
    submitted: float
    folder: str
    at: float
    log: str = ""
    state: str = ""
    job_dir: str = ""
    line: str = ""
    has_readme: bool = False
    readme_path: str = ""
    log_names: tuple[str, ...] = ()
    waits_since: float = 0.0
    pending_fields: dict[str, Any] = field(default_factory=dict)
    entry_seen: Watched = field(default_factory=Watched)
    job_dir_seen: Watched = field(default_factory=Watched)
    readme_seen: Watched = field(default_factory=Watched)

    def forget_readme(self) -> None:
        """Search the README again."""
        self.has_readme, self.readme_path, self.readme_seen, self.job_dir_seen = False, "", Watched(), Watched()

    def rest(self) -> None:
        """Free what only active jobs need; there may be many others."""
        self.line = self.readme_path = ""
        self.entry_seen, self.readme_seen, self.job_dir_seen = Watched(), Watched(), Watched()


class TraceFolder:
    """A folder and the traces in it."""

    def __init__(self, path: str, rules: Iterable[tuple[int, Rule]]) -> None:
        self.path = path
        self.rules = tuple(rules)
        self.seen = Watched()
        self.traces: dict[str, Trace] = {}

    def refresh(self, wanted: Container[str] | None) -> bool:
        """List the folder if it may have changed; whether it was. wanted: ids; None: all. Raises OSError."""
        if not self.seen.is_due(os.stat(self.path)):
            return False
        found: dict[str, Trace] = {}
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    self._add(entry, wanted, found)
        except OSError:
            self.seen.forget()
            raise
        self.traces = found
        return True

    def _add(self, entry: os.DirEntry[str], wanted: Container[str] | None, found: dict[str, Trace]) -> None:
        """Add an entry to the traces unless its job has one of an earlier rule, or of an earlier name."""
        for number, rule in self.rules:
            native_id = rule.id_of(entry.name)
            if native_id is None or (wanted is not None and native_id not in wanted):
                continue
            if rule.only_directories and not _is_directory(entry):
                continue
            trace = Trace(number, self.path, entry.name)
            found[native_id] = min(trace, found.get(native_id, trace))
            return


class TracePlace:
    """Folders whose entries are traces of the same jobs.

    Attributes:
        jobs: The followed jobs by id.
        active: Ids of the jobs that each scan checks, in this order.
        changed: Ids whose traces changed and that were not checked since.
        traces: By id.
        discovers: Each trace is a job; otherwise only those of jobs that are followed are read.
    """

    def __init__(self, folders: Iterable[TraceFolder], discovers: bool) -> None:
        self.folders = tuple(folders)
        self.discovers = discovers
        self.jobs: dict[str, FollowedJob] = {}
        self.active: dict[str, None] = {}
        self.changed: set[str] = set()
        self.traces: dict[str, Trace] = {}
        self.retries = RETRIES
        self.is_stale = False

    def add(self, job: FollowedJob, is_active: bool) -> None:
        """Follow a job; of several of the same id in a place the latest has the traces."""
        old = self.jobs.get(job.native_id)
        if old is not None and job.submitted < old.submitted:
            return
        self.jobs[job.native_id] = job
        if is_active:
            self.active[job.native_id] = None
        if not self.discovers:  # its traces were not wanted before
            for folder in self.folders:
                folder.seen.forget()

    def replace(self, job: FollowedJob) -> None:
        """Follow a job instead of the one with the same id, whose traces it has."""
        self.jobs[job.native_id] = job

    def remove(self, native_id: str) -> None:
        """Follow a job no more."""
        del self.jobs[native_id]
        self.active.pop(native_id, None)
        self.changed.discard(native_id)

    def refresh(self) -> None:
        """Note which traces changed. Raises OSError; the traces are as they were then."""
        wanted = None if self.discovers else self.jobs
        for folder in self.folders:
            self.is_stale |= folder.refresh(wanted)  # also when another one cannot be listed then
        if not self.is_stale:
            return
        found = self.folders[0].traces
        for folder in self.folders[1:]:
            found = found | {id: min(trace, found.get(id, trace)) for id, trace in folder.traces.items()}
        self.changed.update(native_id for native_id, trace in found.items() if self.traces.get(native_id) != trace)
        self.changed.update(native_id for native_id in self.traces if native_id not in found)
        self.traces, self.is_stale = found, False


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
