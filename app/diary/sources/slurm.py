"""Slurm: the waiting and running jobs that `squeue` shows, and the ended ones that `sacct` shows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.core.settings import Settings
from app.diary.errors import CommandFailed
from app.diary.observations.observation import JobKey, Observation
from app.diary.sources.batch_fields import check_first_days, of_keys, portions
from app.diary.sources.command import CommandOptions, run
from app.diary.sources.name_labels import NameLabels
from app.diary.sources.slurm_attempts import Attempts, followed, is_followed
from app.diary.sources.slurm_text import (
    ENDED,
    FIELD,
    RECORD,
    SACCT,
    SQUEUE,
    Record,
    is_id,
    log_files,
    observation,
    sacct_records,
    squeue_records,
    task_ids,
)
from app.diary.sources.source import JobScan, JobSource, SourceKind, observed, read_options
from app.diary.sources.task_numbers import MOST_TASKS

ENVIRONMENT = {"SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}
"""Times as Unix s, and the tasks of an array as a whole."""
WINDOW_S, OVERLAP_S = 86400.0, 300.0
"""Ended jobs are read for so long at once, and again for so long, since accounting comes later."""
MOST_WITH_LOGS = 2000
"""Jobs of a scan whose logs are looked up."""
LOGS = ",".join(f"{name}:1024{FIELD}" for name in ("JobArrayID", "JobID", "StdOut", "StdErr"))
MOST_JOBS, MOST_REPEATED = 100_000, 5000
"""Tasks of arrays in one scan, and requeued jobs in the cursor."""


@dataclass(frozen=True)
class SlurmOptions(CommandOptions):
    """Options of a source of this kind.

    Attributes:
        accounting: Whether Slurm has accounting, `sacct`. Without it ended jobs are seen only for the `MinJobAge` of Slurm.
        first_days: How far back the first scan looks.
        users, accounts: Only the jobs of these; none: all.
        labels: `label=pattern` for labels that are in names of jobs, such as `run=harvest_([0-9]+)`.
    """

    accounting: bool = True
    first_days: float = 1.0
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check them."""
        super().__post_init__()
        check_first_days(self.first_days)


class Slurm(JobSource):
    """The cursor has `since`, from when on ended jobs are read, and `repeated`, the attempts of requeued jobs by JobID."""

    title = "Slurm"

    def __init__(self, name: str, options: SlurmOptions) -> None:
        super().__init__(name, options.period_s)
        self._options = options
        self._labels = NameLabels(options.labels)

    def scan(self, cursor: Mapping[str, Any]) -> JobScan:
        """All jobs in the queue, and those that ended since the last scan."""
        now, options = time.time(), self._options
        since = min(cursor.get("since") or now - options.first_days * 86400, now - OVERLAP_S)  # the clock may have been ahead
        waiting, bad_records = squeue_records(run(self._squeue("-t", "all"), options, ENVIRONMENT))
        until, ended = now, list[Record]()
        if options.accounting:
            until = min(now, since + WINDOW_S)
            window = "-S", _moment(since), "-E", _moment(until + 1), "-s", ENDED
            ended, more = sacct_records(run(self._sacct(*window), options, ENVIRONMENT))
            bad_records += more
        attempts = followed(cursor.get("repeated", {}), [*waiting, *ended])
        found, refused = self._observations([(now, waiting), (time.time(), ended)], attempts)
        found = self._labels.added(self._with_logs(_once(found), since))
        present = {record["JobID"] for record in [*waiting, *ended]}
        kept = sorted(((job, each) for job, each in attempts.items() if job in present), key=lambda item: item[1].last)
        following = {"since": until - OVERLAP_S, "repeated": dict(kept[-MOST_REPEATED:])}
        bad = [*bad_records, *refused]
        return JobScan(found, following, complete=until == now and not bad, quarantined=bad)

    def probe(self, keys: Sequence[JobKey]) -> Iterable[Observation]:
        """The accounting of jobs that left the queue unseen."""
        if not self._options.accounting:
            return []
        found: list[Observation] = []
        for ids in portions([key.native_id for key in keys if is_id(key.native_id)]):
            records, _ = sacct_records(run(self._sacct("-j", ",".join(ids)), self._options, ENVIRONMENT))
            ended = [record for record in records if record["End"].isdigit()]
            found += self._observations([(time.time(), ended)], followed({}, records))[0]
        return self._labels.added(of_keys(found, keys))

    def _observations(
        self, answers: Sequence[tuple[float, Sequence[Record]]], attempts: Mapping[str, Attempts]
    ) -> tuple[list[Observation], list[tuple[str, str]]]:
        """The observations of records, which commands printed at some times, and those records that cannot be used."""
        left, tasks = MOST_JOBS, list[tuple[Record, str | ValueError, float]]()
        ids: Sequence[str | ValueError]
        for seen, records in answers:
            for record in records:
                try:
                    ids = task_ids(record["JobID"], min(left, MOST_TASKS))
                except ValueError as error:
                    ids = [error]
                left -= len(ids) - 1
                tasks += [(record, each, seen) for each in ids if not is_followed(record, attempts)]
        return observed(tasks, lambda task: self._observation(*task, attempts))

    def _observation(self, record: Record, native_id: str | ValueError, seen: float, attempts: Mapping[str, Attempts]) -> Observation:
        if isinstance(native_id, ValueError):
            raise native_id
        found = observation(record, native_id, seen, self.name)
        if (own := attempts.get(native_id)) and own.last == found.submitted:
            return replace(found, submitted=own.first, attempts=own.number)
        return found

    def _squeue(self, *arguments: str) -> list[str]:
        form = RECORD + "".join(f"{code}{FIELD}" for code in SQUEUE.values())
        return ["squeue", "-h", "-a", *self._filters(), *arguments, "-o", form]

    def _sacct(self, *arguments: str) -> list[str]:
        """Also the records of former attempts, and without those of steps."""
        users = [] if self._options.users else ["-a"]
        return ["sacct", "-n", "-P", "-X", "-D", f"--delimiter={FIELD}", *users, *self._filters(), "-o", ",".join(SACCT), *arguments]

    def _filters(self) -> list[str]:
        users, accounts = ",".join(self._options.users), ",".join(self._options.accounts)
        return [*(["-u", users] if users else []), *(["-A", accounts] if accounts else [])]

    def _with_logs(self, found: Sequence[Observation], since: float) -> list[Observation]:
        """The observations, with log files for those of jobs that are new: only the memory of Slurm has them."""
        new = {each.native_id: each for each in found if max(each.submitted, each.started or 0) >= since}
        logs: dict[str, list[tuple[str, str]]] = {}
        for ids in portions(sorted(new)[-MOST_WITH_LOGS:]):
            command = ["squeue", "-h", "-a", "-t", "all", "-j", ",".join(ids), "-O", LOGS]
            with suppress(CommandFailed):  # none of them is in memory any more
                for line in run(command, self._options, ENVIRONMENT).split("\n"):
                    if line.count(FIELD) != 4:
                        continue
                    job, number, *patterns = (each.rstrip(" ") for each in line.split(FIELD)[:4])
                    if job in new:
                        logs[job] = log_files(patterns, new[job], number)
        return [replace(each, logs=logs[each.native_id]) if each.native_id in logs else each for each in found]


def _once(found: Sequence[Observation]) -> list[Observation]:
    """The observations, without those from the queue for jobs that have ended in accounting, which reports more."""
    last = {(each.native_id, each.submitted): each for each in found}
    return list(last.values())


def _moment(when: float) -> str:
    """A time as `sacct` reads it, in the zone of the commands."""
    return datetime.fromtimestamp(max(when, 0.0), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _make(name: str, options: Mapping[str, Any], _: Settings) -> JobSource:
    return Slurm(name, read_options(SlurmOptions, options))


KIND = SourceKind("slurm", _make)
