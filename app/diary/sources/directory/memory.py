"""What a directory source remembers from scan to scan; a new process has it from the rows of the jobs, and reads no file again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from peewee import chunked

from app.core.database import rows
from app.diary.log_kinds import README, SUBMISSION_LOG
from app.diary.models import DiaryJob
from app.diary.sources.directory.config import DirectoryConfig
from app.diary.sources.directory.places import FollowedJob, TraceFolder, TracePlace
from app.diary.sources.directory.submissions import Submissions
from app.diary.states import LOST, UNFINISHED

FOLDER, FOLDER_BYTES = "folder", "folder bytes"
"""The facts with the folder of a submission, and with its bytes, in hexadecimal digits, if they are no UTF-8."""
LATE_S = 86400.0
"""Time to wait for the README of an ended job."""
READ_AT_ONCE = 5000
"""Rows of one read."""
FACTS_AT_ONCE = 500
"""Rows with facts of one read, which may have 64 kB each."""


class StoredRow(NamedTuple):
    """What is read of each stored job."""

    number: int
    native_id: str
    submitted: int
    state: str
    seen: float
    changed: float
    workdir: str
    logs: str  # JSON


class Memory:
    """What is known of a source.

    Attributes:
        submissions: The folder of submission logs, if there is one.
        places: By path, the one that was listed longest ago first. Without submission logs there is one, "".
        known: Hashes of the keys of all stored jobs.
        problems: By place or path the reason why it could not be read, so that each is reported once.
        follow_s: Jobs that ended, or were seen last, so long ago are not followed any more.
        next_whole: When a scan shows all unfinished jobs again, monotonic s.
    """

    def __init__(self, source: str, config: DirectoryConfig, keep_s: float, now: float) -> None:
        """keep_s: after what time the diary removes a job; 0: never."""
        self.config = config
        self.keep_s = keep_s
        self.follow_s = min(config.follow_s if config.submissions else inf, keep_s or inf)  # without logs each trace would be new
        self.submissions = Submissions(config.submissions, config.zone) if config.submissions else None
        self.places: dict[str, TracePlace] = {}
        self.known: set[int] = set()
        self.problems: dict[str, str] = {}
        self.next_whole = 0.0
        if not self.submissions:
            self.places[""] = TracePlace(_folders(config), discovers=True)
        for rows_of_jobs in _stored(source):
            self._remember(rows_of_jobs, now)

    def _remember(self, rows_of_jobs: Sequence[StoredRow], now: float) -> None:
        """Note stored jobs, and follow those that are unfinished or ended a short time ago."""
        followed = []
        for row in rows_of_jobs:
            self.known.add(hash((row.native_id, int(row.submitted))))
            paths = {kind: path for path, kind in json.loads(row.logs)}
            if self.submissions and (log := paths.get(SUBMISSION_LOG)):
                self.submissions.note(os.path.basename(log))
            if row.state in UNFINISHED or now - row.changed < self.follow_s:
                followed.append((row, paths))
        folders = _stored_folders([row.number for row, _ in followed]) if self.submissions else {}
        for row, paths in followed:
            at = row.seen if row.state in (*UNFINISHED, LOST) else row.changed
            job = FollowedJob(row.native_id, row.submitted, folders.get(row.number, ""), at)
            job.log, job.state, job.job_dir, job.has_readme = paths.get(SUBMISSION_LOG, ""), row.state, row.workdir, README in paths
            self.follow(job, now)

    def follow(self, job: FollowedJob, now: float) -> None:
        """Follow a job in its place, which is made for its first one."""
        path = job.folder if self.submissions else ""
        if path not in self.places:
            self.places[path] = TracePlace([TraceFolder(path, enumerate(self.config.rules))], discovers=False)
        self.places[path].add(job, self.is_active(job, now))

    def is_active(self, job: FollowedJob, now: float) -> bool:
        """Whether each scan checks the job: it has not ended, or its README is missing."""
        is_open = job.state in ("", LOST, *UNFINISHED)
        return is_open or (self.config.readme is not None and not job.has_readme and now - job.at < LATE_S)

    def drop_old(self, now: float) -> None:
        """Follow jobs that ended, or were seen last, long ago no more; places without jobs are left, too."""
        for path, place in list(self.places.items()):
            for native_id in [each.native_id for each in place.jobs.values() if now - each.at >= self.follow_s]:
                place.remove(native_id)
            if not place.jobs and not place.discovers:
                del self.places[path]


def _stored(source: str) -> Iterator[list[StoredRow]]:
    """The stored jobs of a source in pieces, in the order of their keys; there may be millions."""
    columns = DiaryJob.id, DiaryJob.native_id, DiaryJob.submitted, DiaryJob.machine_state, DiaryJob.seen, DiaryJob.changed
    query = DiaryJob.select(*columns, DiaryJob.workdir, DiaryJob.logs).where(DiaryJob.source == source)
    query = query.order_by(DiaryJob.native_id, DiaryJob.submitted).limit(READ_AT_ONCE)
    found = [StoredRow(*row) for row in rows(query)]
    while found:
        yield found
        last = found[-1]
        is_next = (DiaryJob.native_id > last.native_id) | (DiaryJob.submitted > last.submitted)
        found = [StoredRow(*row) for row in rows(query.where(DiaryJob.native_id >= last.native_id, is_next))]


def _stored_folders(numbers: list[int]) -> dict[int, str]:
    """The folders in which jobs were submitted, by number of the job."""
    return {
        number: _folder_of(json.loads(facts))
        for some in chunked(numbers, FACTS_AT_ONCE)
        for number, facts in rows(DiaryJob.select(DiaryJob.id, DiaryJob.facts).where(DiaryJob.id.in_(some)))
    }


def _folder_of(facts: Mapping[str, Any]) -> str:
    """The folder of a submission; "": none is stored."""
    try:
        return os.fsdecode(bytes.fromhex(facts[FOLDER_BYTES])) if facts.get(FOLDER_BYTES) else str(facts.get(FOLDER, ""))
    except (TypeError, ValueError):  # a README may have such a fact
        return ""


def _folders(config: DirectoryConfig) -> list[TraceFolder]:
    """The folders of the rules."""
    rules = list(enumerate(config.rules))
    return [
        TraceFolder(path, [each for each in rules if each[1].folder == path]) for path in sorted({rule.folder for rule in config.rules})
    ]
