"""Grid Engine: the waiting and running jobs that `qstat` shows, and the ended ones that accounting has."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.diary import states
from app.diary.errors import BadSourceConfig, CommandFailed
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.command import CommandOptions, run
from app.diary.sources.grid_engine_accounting import AccountingPosition, read_accounting
from app.diary.sources.grid_engine_jobs import ended_observation, listed_observation, state_of
from app.diary.sources.grid_engine_text import Ended, Listed, Torn, details, listed_jobs, moment, printed_accounting
from app.diary.sources.name_labels import NameLabels
from app.diary.sources.source import JobScan, JobSource, SourceKind, observed, read_options
from app.diary.sources.task_numbers import MOST_TASKS, task_numbers

OVERLAP_S = 600.0
"""Ends are read again for so long, since accounting is written later."""
IDS_AT_ONCE, MOST_ASKED, MOST_PROBED = 100, 2000, 20
"""Jobs of one `qstat -j`; those that a scan asks for; those that are sought in all of accounting at once."""
MOST_JOBS, MOST_KNOWN, MOST_LEFT = 100_000, 15_000, 3000
"""Tasks of arrays in one scan; jobs in the cursor, and those that have left the queue while they waited."""


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


class _Task(NamedTuple):
    """A job in the queue, or a task of an array there."""

    job: Listed
    number: int | None  # None: no array

    @property
    def native_id(self) -> str:
        """Its id in the diary."""
        return self.job.number if self.number is None else f"{self.job.number}.{self.number}"


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
        since = cursor.get("since", now - self._options.first_days * 86400)
        users = ",".join(self._options.users) or "*"
        listed, torn = listed_jobs(run(["qstat", "-u", users, "-xml"], self._options))
        known: dict[str, float] = dict(cursor.get("jobs", {}))
        new = [job for job in listed if "E" in job.state or not _is_known(job, known)]
        asked = self._ask(dict.fromkeys(job.number for job in new[:MOST_ASKED]))
        submitted = {job.number: _submitted(job, asked.get(job.number, {})) or known.get(job.number, 0.0) for job in listed}
        tasks, unusable = _tasks([job for job in listed if submitted[job.number]])
        ended, more, position = self._ended(since, cursor.get("position"))
        found, refused = observed(
            tasks, lambda task: listed_observation(*task, submitted[task.job.number], now, asked.get(task.job.number), self.name)
        )
        after = time.time()
        waiting = [task for task in tasks if state_of(task.job.state) in (states.PENDING, states.HELD)]
        again = {task.native_id for task in waiting}  # accounting has their attempts, also those that could not begin
        of_ended, refused_ended = observed([job for job in ended if job.native_id not in again], lambda job: ended_observation(job, after))
        gone, left = self._left(cursor, {task.native_id for task in tasks}, {each.native_id for each in of_ended}, now)
        following = {
            "since": since if self._options.accounting else now - OVERLAP_S,
            "position": position,
            "jobs": dict(list(submitted.items())[-MOST_KNOWN:]),
            "waiting": {task.native_id: submitted[task.job.number] for task in waiting[-MOST_KNOWN:]},
            "left": left,
        }
        is_complete = len(new) <= MOST_ASKED and (position is None or position.is_end)
        return JobScan(
            self._labels.added([*found, *of_ended, *gone]), following, is_complete, [*torn, *unusable, *more, *refused, *refused_ended]
        )

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        """What all of accounting says of jobs that left the queue without having been seen to end."""
        found: list[Observation] = []
        numbers = dict.fromkeys(key.native_id.partition(".")[0] for key in keys)
        for number in [each for each in numbers if each.isascii() and each.isdigit()][:MOST_PROBED]:
            with suppress(CommandFailed):  # it says so of a job that it does not have
                ended, _ = printed_accounting(run(["qacct", "-j", number], self._options))
                found += observed(ended, lambda job: ended_observation(job, time.time()))[0]
        wanted = {*keys, *(JobKey(key.native_id) for key in keys if not key.submitted)}
        mine = [each for each in found if not wanted.isdisjoint({JobKey(each.native_id, int(each.submitted)), JobKey(each.native_id)})]
        return self._labels.added(mine)

    def _ask(self, numbers: Iterable[str]) -> dict[str, dict[str, str]]:
        """What `qstat -j` says of jobs; nothing of those that have ended meanwhile."""
        found, ids = {}, list(numbers)
        for begin in range(0, len(ids), IDS_AT_ONCE):
            try:
                found.update(details(run(["qstat", "-j", ",".join(ids[begin : begin + IDS_AT_ONCE])], self._options)))
            except CommandFailed as error:
                if "do not exist" not in error.errors:
                    raise
        return found

    def _ended(self, since: float, position: Sequence[int] | None) -> tuple[list[Ended], Torn, AccountingPosition | None]:
        """The jobs of the users that ended since a time."""
        following = None
        if self._options.accounting:
            ended, torn, following = read_accounting(self._options.accounting, position, self._options)
        else:
            ended, torn = self._printed_accounting()
        users = self._options.users
        mine = [job for job in ended if not users or job.fields.get("owner") in users]
        return [job for job in mine if (job.ended or job.submitted + 86400) >= since], torn, following

    def _printed_accounting(self) -> tuple[list[Ended], Torn]:
        try:
            return printed_accounting(run(["qacct", "-j"], self._options))
        except CommandFailed as error:
            if "accounting: No such file" in error.errors:  # no job has ended yet, or since the file was moved
                return [], []
            raise

    def _left(
        self, cursor: Mapping[str, Any], present: set[str], ended: set[str], now: float
    ) -> tuple[list[Observation], dict[str, list[float]]]:
        """The jobs that left the queue while they waited and of which accounting knows nothing: they were deleted.

        Returns:
            Those that left long enough ago, as observations; submission and time of leaving of the others, by id.
        """
        left: dict[str, list[float]] = dict(cursor.get("left", {}))
        left |= {job: [at, now] for job, at in cursor.get("waiting", {}).items() if job not in left}
        left = {job: times for job, times in left.items() if job not in present and job not in ended}
        gone = [
            Observation(job, now, states.CANCELLED, submitted=submitted, ended=at, reason="It left the queue before it began")
            for job, (submitted, at) in left.items()
            if now - at >= self._options.accounting_s
        ]
        for each in gone:
            del left[each.native_id]
        return gone, dict(list(left.items())[-MOST_LEFT:])


def _is_known(job: Listed, known: Mapping[str, float]) -> bool:
    """Whether the submission of this job is known, and not that of another one with its number."""
    at = known.get(job.number, 0.0)
    return bool(at) and (job.submitted == at if job.submitted else not job.started or job.started >= at)


def _submitted(job: Listed, known: Mapping[str, str]) -> float:
    """When a job was submitted; 0: it is not said here."""
    with suppress(ValueError):
        return job.submitted or moment(known.get("submission_time", "")) or 0.0
    return 0.0


def _tasks(listed: Sequence[Listed]) -> tuple[list[_Task], Torn]:
    """The tasks of all jobs, and those jobs whose tasks cannot be used."""
    found, torn, left = [], [], MOST_JOBS
    for job in listed:
        try:
            numbers = task_numbers(job.tasks, min(left, MOST_TASKS)) if job.tasks else [None]
        except ValueError as error:
            torn.append((repr(job), str(error)))
            continue
        left -= len(numbers) if job.tasks else 0
        found += [_Task(job, number) for number in numbers]
    return found, torn


def _make(name: str, options: Mapping[str, Any], _: Settings) -> JobSource:
    return GridEngine(name, read_options(GridEngineOptions, options))


KIND = SourceKind("grid-engine", _make)
