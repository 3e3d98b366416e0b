"""Read access to runs, their jobs, and hosts."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from peewee import SQL, Query, fn

from app.core.counters import VersionCounter
from app.core.database import prepared, rows
from app.square.errors import UnknownRun
from app.square.models import HiddenRun, Host, HostStatus, Job, Run
from app.square.plausibility import is_hidden
from app.square.states import JOB_BADGES, exit_words
from app.square.systems import SYSTEM_LABELS

SILENT_S = 30.0
"""A host without a response for this long is silent; it is polled every few seconds."""

MAX_PAUSE_S = 150.0
"""Failing hosts are polled at least once a minute, and each request takes at most another."""

CLOCK_S = 10.0
"""Clocks of hosts may differ by this, s."""

MAX_DOUBTFUL = 100
"""Number of doubtful runs on one list."""

STATUS_S = 120.0
"""A status of a machine that is older than this is unknown."""

GONE_S = 600.0
"""A machine whose status is so much older than those of others no longer exists."""


class HostState(NamedTuple):
    """The state of the polling of a host."""

    name: str
    role: str  # fu or bu
    age_s: float | None  # of its newest document
    answered_s: float | None  # since its last response
    tried_s: float | None  # since its last response or failure
    failing: bool  # the last request failed
    error: str  # of the last failure
    behind: int  # documents still to be fetched

    @property
    def silent(self) -> bool:
        """Whether it has not responded for SILENT_S."""
        return self.answered_s is None or self.answered_s >= SILENT_S

    @property
    def is_polled(self) -> bool:
        """Whether this hub is still polling it."""
        return self.tried_s is not None and self.tried_s < (MAX_PAUSE_S if self.failing else SILENT_S)


class MachineState(NamedTuple):
    """The newest status of a machine that P5 reported."""

    name: str
    reported_up: bool
    message: str
    at: float  # last report of this status, Unix s UTC
    since: float  # first report of this status, Unix s UTC

    @property
    def age_s(self) -> float:
        """Age of the status, s."""
        return max(0.0, time.time() - self.at)

    @property
    def up(self) -> bool | None:
        """Whether it is up; None if the status is too old."""
        return self.reported_up if self.age_s < STATUS_S else None


def age(at: float | None) -> float | None:
    """Seconds since a time, Unix s UTC; 0 for one in the future, which the clock of another host can give."""
    return None if at is None else max(0.0, time.time() - at)


def ahead(at: float) -> float:
    """Seconds by which a report is dated in the future, because the clock of its host is ahead; 0 up to CLOCK_S."""
    found = at - time.time()
    return found if found > CLOCK_S else 0.0


def short_count(events: int | None) -> str:
    """A number of events in three or four characters."""
    if events is None:
        return "–"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if events >= size:
            return f"{events / size:.0f}{letter}" if events >= 10 * size else f"{events / size:.1f}{letter}"
    return str(events)


def job_summary(job: Any, state: str) -> str:
    """One line about a job, with its host, state, exit code, last lumisection and events; `job` has these columns of `Job`."""
    code = f" {exit_words(job.exit_code)}" if job.exit_code else ""
    lumi = "–" if job.lumi is None else job.lumi
    return f"{job.host}: {JOB_BADGES[state].text}{code}, LS {lumi}, {short_count(job.events)} events"


def find_run(system: str, run: int) -> Run | None:
    """A run; None if it is not known."""
    found: Run | None = Run.get_or_none(Run.system == system, Run.run == run)
    return found


def get_run(system: str, run: int) -> Run:
    """A run. Raises UnknownRun."""
    found = find_run(system, run)
    if found is None:
        raise UnknownRun(f"Run {run} is not known in {system}: no job or file of it was reported, or it was deleted by age")
    return found


def is_listed(system: str) -> Any:
    """A condition of a query for runs: the run belongs to the system, is plausible, and no operator has hidden it."""
    return (Run.system == system) & _is_shown()


def _is_shown() -> Any:
    return (Run.doubt == SQL("''")) & ~is_hidden()


def systems_of(run: int) -> list[str]:
    """The systems that list a run."""
    found = {system for (system,) in rows(Run.select(Run.system).where(Run.system.in_([*SYSTEM_LABELS]), Run.run == run, _is_shown()))}
    return [system for system in SYSTEM_LABELS if system in found]


def newest_run(system: str) -> int | None:
    """The number of the newest run, which is the listed run that began last; None without any."""
    found = rows(_newest(system))
    return int(found[0][0]) if found else None


def latest_numbers(system: str, limit: int) -> list[int]:
    """The numbers of the latest listed runs, highest first."""
    return [run for (run,) in rows(Run.select(Run.run).where(is_listed(system)).order_by(Run.run.desc()).limit(limit))]


def _newest(system: str) -> Any:
    return Run.select(Run.run).where(is_listed(system)).order_by(Run.first.desc(), Run.run.desc()).limit(SQL("1"))


def run_range(system: str) -> tuple[int | None, int | None]:
    """The numbers of the first listed run and of the newest one."""
    ((first,),) = rows(Run.select(fn.MIN(Run.run)).where(is_listed(system)))  # both in one query would read the whole table
    return first, newest_run(system)


def neighbours(system: str, run: int) -> tuple[int | None, int | None]:
    """The numbers of the previous and the next listed run."""
    ((before,),) = rows(Run.select(fn.MAX(Run.run)).where(is_listed(system), Run.run < run))
    ((after,),) = rows(Run.select(fn.MIN(Run.run)).where(is_listed(system), Run.run > run))
    return before, after


def doubtful_runs(system: str, since: float = 0.0) -> list[Run]:
    """Doubtful runs that nobody has hidden, with a report after a time (Unix s UTC), latest first; at most MAX_DOUBTFUL."""
    chosen = Run.select().where(Run.system == system, Run.doubt != "", Run.last >= since, ~is_hidden())
    return list(chosen.order_by(Run.last.desc()).limit(MAX_DOUBTFUL))


def hidden_runs(system: str) -> list[HiddenRun]:
    """The hidden runs, latest first."""
    return list(HiddenRun.select().where(HiddenRun.system == system).order_by(HiddenRun.at.desc()))


def unlisted_numbers(system: str) -> set[int]:
    """The numbers of all doubtful and hidden runs."""
    return {run for (run,) in rows(Run.select(Run.run).where(Run.system == system, (Run.doubt != "") | is_hidden()))}


def jobs(system: str, run: int) -> list[Job]:
    """The jobs of a run by client and start."""
    return list(Job.select().where(Job.system == system, Job.run == run).order_by(Job.tag, Job.host, Job.started, Job.id))


def hosts(system: str) -> list[HostState]:
    """The polled hosts of a system."""
    return [
        HostState(row.name, row.role, age(row.last_new), age(row.last_ok), age(_tried(row)), row.failures > 0, row.error, row.behind)
        for row in Host.select().where(Host.system == system).order_by(Host.role, Host.name)
    ]


def _tried(row: Host) -> float | None:
    return max((at for at in (row.last_ok, row.last_error) if at is not None), default=None)


def machines(system: str) -> list[MachineState]:
    """The newest status of each machine of a system, without machines that P5 no longer reports."""
    newest = HostStatus.select(HostStatus.name, fn.MAX(HostStatus.last).alias("last")).where(HostStatus.system == system)
    newest = newest.group_by(HostStatus.name).alias("newest")
    query = HostStatus.select().join(newest, on=(HostStatus.name == newest.c.name) & (HostStatus.last == newest.c.last))
    found = {}
    for row in query.where(HostStatus.system == system).order_by(HostStatus.name, HostStatus.id):
        found[row.name] = MachineState(row.name, row.up, row.message, row.last, row.first)
    last = max((machine.at for machine in found.values()), default=0.0)
    return [machine for machine in found.values() if machine.at > last - GONE_S]


class PollState(NamedTuple):
    """All that a poll of a run page compares."""

    version: int  # of the system
    newest: int | None  # number of the newest run
    run_version: int | None  # of the run; None if it is not known
    silent: int  # hosts without a recent response
    failed: int  # hosts with a recent failure
    reported: int  # machines with a recent status


@prepared
def _poll_query() -> Query:
    newest: Any = _newest("")
    own: Any = Run.select(Run.version).where(Run.system == "", Run.run == 0)
    silent: Any = Host.select(fn.COUNT(Host.id)).where(Host.system == "", Host.last_ok < 0.0)
    failed: Any = Host.select(fn.COUNT(Host.id)).where(Host.system == "", Host.last_error >= 0.0)
    reported: Any = HostStatus.select(fn.COUNT(HostStatus.id)).where(HostStatus.system == "", HostStatus.last >= 0.0)
    return VersionCounter.select(VersionCounter.version, newest, own, silent, failed, reported).where(VersionCounter.name == "")


def poll_state(system: str, run: int) -> PollState:
    """The state of a system and of a run, by one query."""
    now = time.time()
    found = _poll_query(system, system, run, system, now - SILENT_S, system, now - MAX_PAUSE_S, system, now - STATUS_S, system)
    return PollState(*found[0]) if found else PollState(0, None, None, 0, 0, 0)
