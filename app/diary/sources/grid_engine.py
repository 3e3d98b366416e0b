"""Grid Engine: the waiting and running jobs that `qstat` shows, and the ended ones that accounting has."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.text import one_line
from app.diary import states
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.batch_fields import check_first_days, of_keys, portions
from app.diary.sources.command import SHOWN_CHARS, CommandOptions, run
from app.diary.sources.grid_engine_accounting import AccountingPosition, read_accounting
from app.diary.sources.grid_engine_jobs import REPEATED, finished_observation, is_former_attempt, queued_observation, state_of
from app.diary.sources.grid_engine_text import (
    BadRecords,
    FinishedJob,
    QueuedJob,
    details,
    is_whole_list,
    moment,
    printed_accounting,
    queued_jobs,
)
from app.diary.sources.name_labels import NameLabels
from app.diary.sources.source import JobScan, JobSource, SourceKind, observed, read_options
from app.diary.sources.task_numbers import MOST_TASKS, task_numbers

OVERLAP_S = 600.0
"""Time for which ends are read again, since accounting is written later."""
MOST_DETAILED, MOST_PROBED = 2000, 20
"""Jobs that a scan queries; jobs that are looked up in all of accounting at once."""
MOST_JOBS, MOST_KNOWN, MOST_LEFT = 100_000, 15_000, 3000
"""Tasks of arrays in one scan; jobs in the cursor, and those that have left the queue while they waited."""
WAITING = (states.PENDING, states.HELD)
NOT_IN_ACCOUNTING = re.compile(r"job id \S+ not found|accounting: No such file")


@dataclass(frozen=True)
class GridEngineOptions(CommandOptions):
    """Options of a source of this kind.

    Attributes:
        users: Only the jobs of these; none: of all.
        accounting: Path of the accounting file where the commands run, which is read on; "": `qacct -j`, which reads all of it.
        accounting_s: After so long a job that left the queue is in accounting, if it ever began.
        first_days: How far back the first scan looks for ended jobs.
        labels: `label=pattern` for labels that are in names of jobs, such as `run=harvest_([0-9]+)`.
    """

    users: tuple[str, ...] = ()
    accounting: str = ""
    accounting_s: float = 120.0
    first_days: float = 1.0
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check them."""
        super().__post_init__()
        if self.accounting and not self.accounting.startswith("/"):
            raise BadSourceConfig("The option accounting must be a path that begins with /")
        check_first_days(self.first_days)
        if not 0 <= self.accounting_s < inf:
            raise BadSourceConfig("The option accounting_s must be a number that is not negative")


class _Task(NamedTuple):
    """A job in the queue, or a task of an array there."""

    job: QueuedJob
    number: int | None  # None: no array

    @property
    def native_id(self) -> str:
        """Its id in the diary."""
        return self.job.number if self.number is None else f"{self.job.number}.{self.number}"


class _Queue(NamedTuple):
    tasks: list[_Task]
    submitted: dict[str, float]  # by number; 0: not known
    details: dict[str, dict[str, str]]  # the output of `qstat -j` for new jobs
    deferred: set[str]  # numbers of new ones for which there was no time
    bad: BadRecords
    is_whole: bool  # every job is among the tasks


class GridEngine(JobSource):
    """The cursor has `jobs`, the times of submission of the jobs in the queue, which `qstat` does not show of running ones;
    `waiting`, the ids of those that wait, and `left`, when those left the queue that accounting does not have;
    `since`, from when on ends are taken, and `position` in the accounting file."""

    title = "Grid Engine"

    def __init__(self, name: str, options: GridEngineOptions) -> None:
        super().__init__(name, options.period_s)
        self._options = options
        self._labels = NameLabels(options.labels)

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """All jobs in the queue, and those that ended since the last scan."""
        now = time.time()
        since = min(cursor.get("since", now - self._options.first_days * 86400), now - OVERLAP_S)  # the clock may have been ahead
        queue = self._queue(dict(cursor.get("jobs", {})))
        tasks = {task.native_id: task for task in queue.tasks}
        found, refused = observed(
            queue.tasks,
            lambda task: queued_observation(*task, queue.submitted[task.job.number], now, queue.details.get(task.job.number), self.name),
        )
        ended, bad_ends, position = self._ended(since, cursor.get("position"))
        after = time.time()
        ends = [job for job in _last_attempts(ended) if job.native_id not in tasks or not is_former_attempt(job, tasks[job.native_id].job)]
        of_ended, refused_ends = observed(ends, lambda job: finished_observation(job, after))
        complete = queue.is_whole and not refused and (position is None or position.is_end)
        over = {each.native_id for each in of_ended}
        gone, left = self._left(cursor, {*tasks, *over}, now, complete)
        waiting = [task for task in queue.tasks if state_of(task.job.state) in WAITING and task.native_id not in over]
        following = {
            "since": since if self._options.accounting else now - OVERLAP_S,
            "position": position,
            "jobs": dict([item for item in queue.submitted.items() if item[0] not in queue.deferred][-MOST_KNOWN:]),
            "waiting": {task.native_id: queue.submitted[task.job.number] for task in waiting[-MOST_KNOWN:]},
            "left": left,
        }
        quarantined = [*queue.bad, *bad_ends, *refused, *refused_ends]
        return JobScan(self._labels.added([*found, *of_ended, *gone]), following, complete, quarantined)

    def _queue(self, known: Mapping[str, float]) -> _Queue:
        """What is in the queue. known: times of submission by number; 0: not shown by `qstat -j`."""
        text = run(["qstat", "-u", ",".join(self._options.users) or "*", "-xml"], self._options)
        if text.strip() and not text.lstrip().startswith("<"):  # an error message with exit code 0 is not an empty queue
            raise CommandFailed("qstat", f"It printed no list of jobs: {one_line(text)[:SHOWN_CHARS]}")
        listed, bad = queued_jobs(text)
        new = [job.number for job in listed if "E" in job.state or not _is_known(job, known)]
        numbers = sorted(dict.fromkeys(new), key=lambda number: number in known)  # first those that earlier scans had no time for
        found = self._details_of(numbers[:MOST_DETAILED])
        deferred = set(numbers[MOST_DETAILED:])
        submitted = {job.number: _submitted(job, found.get(job.number, {}), known) for job in listed}
        usable = [job for job in listed if submitted[job.number] or job.number not in deferred]
        tasks, unusable = _tasks(usable)
        is_whole = is_whole_list(text) and not bad and not unusable and len(usable) == len(listed)
        return _Queue(tasks, submitted, found, deferred, [*bad, *unusable], is_whole)

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        """The accounting, read as a whole, of jobs that left the queue unseen."""
        found: list[Observation] = []
        numbers = dict.fromkeys(key.native_id.partition(".")[0] for key in keys)
        for number in [each for each in numbers if each.isascii() and each.isdigit()][:MOST_PROBED]:
            try:
                ended, _ = printed_accounting(run(["qacct", "-j", number], self._options))
            except CommandFailed as error:
                if not NOT_IN_ACCOUNTING.search(error.errors):
                    raise
                continue
            last = [job for job in ended if job.failed not in REPEATED]  # its next attempt has another time of submission
            found += observed(last, lambda job: finished_observation(job, time.time()))[0]
        return self._labels.added(of_keys(found, keys))

    def _details_of(self, numbers: Sequence[str]) -> dict[str, dict[str, str]]:
        """The output of `qstat -j` by job, without jobs that have ended meanwhile."""
        found = {}
        for ids in portions(numbers):
            found.update(self._details(ids))
        return found

    def _details(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The same of some jobs. An ended job hides all others, which are then queried again."""
        if not ids:
            return {}
        try:
            return details(run(["qstat", "-j", ",".join(ids)], self._options))
        except CommandFailed as error:
            _, separator, ended = error.errors.partition("do not exist")
            if not separator:
                raise
        left = [each for each in ids if each not in re.findall(r"\d+", ended)]
        if len(left) < len(ids):
            return self._details(left)
        half = len(ids) // 2  # they are not named
        return self._details(ids[:half]) | self._details(ids[half:]) if half else {}

    def _ended(self, since: float, position: Sequence[int] | None) -> tuple[list[FinishedJob], BadRecords, AccountingPosition | None]:
        """The jobs of the users that ended since a time."""
        following = None
        if self._options.accounting:
            ended, bad, following = read_accounting(self._options.accounting, position, self._options)
        else:
            ended, bad = self._printed_accounting()
        users = self._options.users
        mine = [job for job in ended if not users or job.fields.get("owner") in users]
        return [job for job in mine if (job.ended or job.submitted + 86400) >= since], bad, following

    def _printed_accounting(self) -> tuple[list[FinishedJob], BadRecords]:
        try:
            return printed_accounting(run(["qacct", "-j"], self._options))
        except CommandFailed as error:
            if NOT_IN_ACCOUNTING.search(error.errors):  # no job has ended yet, or since the file was moved
                return [], []
            raise

    def _left(
        self, cursor: Mapping[str, Any], found: set[str], now: float, complete: bool
    ) -> tuple[list[Observation], dict[str, list[float]]]:
        """The jobs that left the queue while they waited and are not in accounting: they were deleted.

        Args:
            cursor: That of the last scan.
            found: Ids of jobs that are in the queue or in accounting.
            now: Unix s.
            complete: Whether the queue, and accounting up to its end, were read; else none is taken for deleted.

        Returns:
            Those that left long enough ago, as observations; submission and time of leaving of the others, by id.
        """
        left: dict[str, list[float]] = dict(cursor.get("left", {}))
        left |= {job: [at, now] for job, at in cursor.get("waiting", {}).items() if job not in left}
        left = {job: times for job, times in left.items() if job not in found}
        gone = [
            Observation(job, now, states.CANCELLED, submitted=submitted, ended=at, reason="It left the queue before it began")
            for job, (submitted, at) in left.items()
            if complete and now - at >= self._options.accounting_s
        ]
        for each in gone:
            del left[each.native_id]
        return gone, dict(list(left.items())[-MOST_LEFT:])


def _is_known(job: QueuedJob, known: Mapping[str, float]) -> bool:
    """Whether the known submission is of this job, not of another one with the same number."""
    at = known.get(job.number, 0.0)
    return bool(at) and (job.submitted == at if job.submitted else not job.started or job.started >= at)


def _last_attempts(ended: Iterable[FinishedJob]) -> list[FinishedJob]:
    """The last record of each job: accounting has one of each attempt, in the order of their ends."""
    return list({(job.native_id, job.submitted): job for job in ended}.values())


def _submitted(job: QueuedJob, details: Mapping[str, str], known: Mapping[str, float]) -> float:
    """When a job was submitted; 0: unknown."""
    with suppress(ValueError):
        if at := job.submitted or moment(details.get("submission_time", "")):
            return at
    return known[job.number] if _is_known(job, known) else 0.0


def _tasks(listed: Sequence[QueuedJob]) -> tuple[list[_Task], BadRecords]:
    """The tasks of all jobs, and those jobs whose tasks cannot be used."""
    found, bad, left = [], [], MOST_JOBS
    for job in listed:
        try:
            numbers = task_numbers(job.tasks, min(left, MOST_TASKS)) if job.tasks else [None]
        except ValueError as error:
            bad.append((repr(job), str(error)))
            continue
        left -= len(numbers) if job.tasks else 0
        found += [_Task(job, number) for number in numbers]
    return found, bad


def _make(name: str, options: Mapping[str, Any], _: Settings) -> JobSource:
    return GridEngine(name, read_options(GridEngineOptions, options))


KIND = SourceKind("grid-engine", _make)
