"""Questions to the tables: the newest run, a run with its neighbours, its jobs by client, hosts, and what a poll asks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from peewee import Query, fn

from app.core.counters import VersionCounter
from app.core.database import prepared, rows
from app.square.models import Acknowledgement, Host, HostStatus, Job, Run
from app.square.states import CRASHED, LOOKS, ORDER, STUCK, Look, exit_words, state_of

SILENT_S = 30.0
"""A host that was not heard of for so long is silent; it is asked every few seconds."""

ASKED_S = 150.0
"""A host that fails is asked a minute after each failure at least, and answers or fails within another."""

STATUS_S = 120.0
"""What P5 said of a machine so long ago says nothing of now."""

GONE_S = 600.0
"""A machine of which P5 spoke so much earlier than of others is none any more."""

ENDING = "_dqm_sourceclient-live"
"""The end of the name of most configurations, which says nothing."""


class Attempt(NamedTuple):
    """One process of a client. job: its row; state: by `state_of`; seen: who acknowledged its end, if anybody."""

    job: Job
    state: str
    seen: Acknowledgement | None

    @property
    def look(self) -> Look:
        return LOOKS[self.state]

    @property
    def exit(self) -> str:
        return exit_words(self.job.exit_code)

    @property
    def open(self) -> bool:
        """Whether somebody should look at it, and nobody has yet."""
        return self.state in (CRASHED, STUCK) and self.seen is None


class Client(NamedTuple):
    """The processes of one configuration on one host in a run: the newest, and those before it, the last one first."""

    name: str
    newest: Attempt
    earlier: list[Attempt]


class HostLine(NamedTuple):
    """A host that is asked. age_s: of its newest document; answered_s: seconds since its last answer, tried_s: since
    that or its last failure; failing: its last request failed, with `error`; behind: documents that are still to be fetched."""

    name: str
    role: str
    age_s: float | None
    answered_s: float | None
    tried_s: float | None
    failing: bool
    error: str
    behind: int

    @property
    def silent(self) -> bool:
        return self.answered_s is None or self.answered_s >= SILENT_S

    @property
    def asked(self) -> bool:
        """Whether the hub still asks it, as far as is known."""
        return self.tried_s is not None and self.tried_s < (ASKED_S if self.failing else SILENT_S)


class Machine(NamedTuple):
    """A machine as P5 sees it. said: up, as P5 said last, at `at`, and always from `since` on (Unix s UTC); up: None when that is too old."""

    name: str
    said: bool
    message: str
    at: float
    since: float

    @property
    def age_s(self) -> float:
        return max(0.0, time.time() - self.at)

    @property
    def up(self) -> bool | None:
        return self.said if self.age_s < STATUS_S else None


def age(at: float | None) -> float | None:
    """Seconds since a moment, which a clock of another host may put into the future."""
    return None if at is None else max(0.0, time.time() - at)


def client_name(tag: str) -> str:
    """The name by which the crew knows a client."""
    return tag.removesuffix(ENDING) or "(no name)"


def short(events: int | None) -> str:
    """A number of events in three or four letters."""
    if events is None:
        return "–"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if events >= size:
            return f"{events / size:.0f}{letter}" if events >= 10 * size else f"{events / size:.1f}{letter}"
    return str(events)


def find(system: str, run: int) -> Run | None:
    found: Run | None = Run.get_or_none(Run.system == system, Run.run == run)
    return found


def newest(system: str) -> int | None:
    """The number of the newest run."""
    ((run,),) = rows(Run.select(fn.MAX(Run.run)).where(Run.system == system))
    return None if run is None else int(run)


def span(system: str) -> tuple[int | None, int | None]:
    """The numbers of the first and of the newest run."""
    ((first,),) = rows(Run.select(fn.MIN(Run.run)).where(Run.system == system))  # both in one query would read all
    return first, newest(system)


def neighbours(system: str, run: int) -> tuple[int | None, int | None]:
    """The runs before and after a run that are known."""
    ours = Run.system == system
    ((before,),) = rows(Run.select(fn.MAX(Run.run)).where(ours, Run.run < run))
    ((after,),) = rows(Run.select(fn.MIN(Run.run)).where(ours, Run.run > run))
    return before, after


def jobs(system: str, run: int) -> list[Job]:
    """The jobs of a run by client and start."""
    return list(Job.select().where(Job.system == system, Job.run == run).order_by(Job.tag, Job.host, Job.started, Job.id))


def acknowledgements(system: str, keys: Iterable[str]) -> dict[str, Acknowledgement]:
    query = Acknowledgement.select().where(Acknowledgement.system == system, Acknowledgement.key.in_(list(keys)))
    return {row.key: row for row in query}


def clients(system: str, found: list[Job]) -> list[Client]:
    """Jobs as attempts of their clients: what needs a look first, then by name."""
    now = time.time()
    states = {job.id: state_of(job.exit_code, now - job.reported) for job in found}
    seen = acknowledgements(system, [job.key for job in found if states[job.id] in (CRASHED, STUCK)])
    grouped = []
    for (tag, _), same in groupby(found, key=lambda job: (job.tag, job.host)):
        *earlier, last = [Attempt(job, states[job.id], _counts(seen.get(job.key), job)) for job in same]
        grouped.append(Client(client_name(tag), last, earlier[::-1]))
    return sorted(grouped, key=lambda client: (not client.newest.open, ORDER[client.newest.state], client.name))


def _counts(seen: Acknowledgement | None, job: Job) -> Acknowledgement | None:
    """What was said of a job counts until the job reports again: one that was stuck may crash after all."""
    return seen if seen and seen.at >= job.reported else None


def counts(found: list[Client]) -> dict[str, int]:
    """How many jobs of a run are in each state."""
    states = [attempt.state for client in found for attempt in (client.newest, *client.earlier)]
    return {state: states.count(state) for state in LOOKS}


def hosts(system: str) -> list[HostLine]:
    return [
        HostLine(row.name, row.role, age(row.last_new), age(row.last_ok), age(_tried(row)), row.failures > 0, row.error, row.behind)
        for row in Host.select().where(Host.system == system).order_by(Host.role, Host.name)
    ]


def _tried(row: Host) -> float | None:
    return max((at for at in (row.last_ok, row.last_error) if at is not None), default=None)


def machines(system: str) -> list[Machine]:
    """The newest that P5 said of each machine of which it still speaks when it speaks of others."""
    newest = HostStatus.select(HostStatus.name, fn.MAX(HostStatus.last).alias("last")).where(HostStatus.system == system)
    newest = newest.group_by(HostStatus.name).alias("newest")
    query = HostStatus.select().join(newest, on=(HostStatus.name == newest.c.name) & (HostStatus.last == newest.c.last))
    found = {}
    for row in query.where(HostStatus.system == system).order_by(HostStatus.name, HostStatus.id):
        found[row.name] = Machine(row.name, row.up, row.message, row.last, row.first)
    last = max((machine.at for machine in found.values()), default=0.0)
    return [machine for machine in found.values() if machine.at > last - GONE_S]


class Asked(NamedTuple):
    """What a poll compares. newest: run; version: of the run, if it is known; silent: hosts that were not heard of, failed:
    those that failed lately; seen: machines of which P5 has spoken lately."""

    feed: int
    newest: int | None
    version: int | None
    silent: int
    failed: int
    seen: int


@prepared
def _poll() -> Query:
    newest: Any = Run.select(fn.MAX(Run.run)).where(Run.system == "")
    own: Any = Run.select(Run.version).where(Run.system == "", Run.run == 0)
    silent: Any = Host.select(fn.COUNT(Host.id)).where(Host.system == "", Host.last_ok < 0.0)
    failed: Any = Host.select(fn.COUNT(Host.id)).where(Host.system == "", Host.last_error >= 0.0)
    seen: Any = HostStatus.select(fn.COUNT(HostStatus.id)).where(HostStatus.system == "", HostStatus.last >= 0.0)
    return VersionCounter.select(VersionCounter.version, newest, own, silent, failed, seen).where(VersionCounter.name == "")


def asked(system: str, run: int) -> Asked:
    """The state of a system and of a run, in one query."""
    now = time.time()
    found = _poll(system, system, run, system, now - SILENT_S, system, now - ASKED_S, system, now - STATUS_S, system)
    return Asked(*found[0]) if found else Asked(0, None, None, 0, 0, 0)
