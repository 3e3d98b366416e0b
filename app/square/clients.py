"""Clients of a run: the jobs of one configuration on one host are its attempts, and the newest one counts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from app.square.models import Acknowledgement, CommandedStop, Job
from app.square.states import CRASHED, JOB_BADGES, STOPPED, STUCK, URGENCY, exit_words, state_of
from app.web.badges import Badge

COMMON_SUFFIX = "_dqm_sourceclient-live"
"""End of the names of most configurations, which is not shown."""


class JobAttempt(NamedTuple):
    """One process of a client."""

    job: Job
    state: str  # see app.square.states
    acknowledgement: Acknowledgement | None
    stop: CommandedStop | None  # the command that ended it

    @property
    def badge(self) -> Badge:
        """The badge of its state."""
        return JOB_BADGES[self.state]

    @property
    def exit(self) -> str:
        """Its exit code in words."""
        return exit_words(self.job.exit_code)

    @property
    def needs_attention(self) -> bool:
        """Whether it crashed or is stuck, and nobody has acknowledged that."""
        return self.state in (CRASHED, STUCK) and self.acknowledgement is None


class Client(NamedTuple):
    """The processes of one configuration on one host in a run."""

    name: str
    newest: JobAttempt
    earlier: list[JobAttempt]  # newest first

    @property
    def attempts(self) -> list[JobAttempt]:
        """All attempts, newest first."""
        return [self.newest, *self.earlier]


class ClientCounts(NamedTuple):
    """Numbers of clients of a run."""

    states: dict[str, int]  # clients by the state of their newest attempt
    failed: int  # earlier attempts that crashed
    crashes: int  # all attempts that crashed


def client_name(tag: str) -> str:
    """The name of a client as the crew uses it."""
    return tag.removesuffix(COMMON_SUFFIX) or "(no name)"


def job_state(job: Job) -> str:
    """The state of a job now."""
    return state_of(job.exit_code, time.time() - job.reported, job.stopped_by is not None)


def group_clients(system: str, found: list[Job]) -> list[Client]:
    """Jobs, sorted by client and start, as attempts of their clients: most urgent first, then by name."""
    states = {job.id: job_state(job) for job in found}
    notes = acknowledgements(system, [job.key for job in found if states[job.id] in (CRASHED, STUCK)])
    stops = _stops([job for job in found if states[job.id] == STOPPED])
    grouped = []
    for (tag, _), same in groupby(found, key=lambda job: (job.tag, job.host)):
        attempts = [JobAttempt(job, states[job.id], _valid(notes.get(job.key), job), stops.get(job.id)) for job in same]
        grouped.append(Client(client_name(tag), attempts[-1], attempts[-2::-1]))
    return sorted(grouped, key=lambda client: (not client.newest.needs_attention, URGENCY[client.newest.state], client.name))


def earlier_attempts(found: Iterable[Job]) -> set[str]:
    """The keys of the jobs that have a newer attempt of their client; all jobs of a client must be given."""
    newest: dict[tuple[int | None, str, str], Job] = {}
    keys = set()
    for job in sorted(found, key=lambda job: (job.started, job.id)):
        before = newest.get((job.run, job.tag, job.host))
        keys |= {before.key} if before else set()
        newest[job.run, job.tag, job.host] = job
    return keys


def acknowledgements(system: str, keys: Iterable[str]) -> dict[str, Acknowledgement]:
    """The acknowledgements of jobs by key."""
    query = Acknowledgement.select().where(Acknowledgement.system == system, Acknowledgement.key.in_(list(keys)))
    return {row.key: row for row in query}


def _valid(note: Acknowledgement | None, job: Job) -> Acknowledgement | None:
    """An acknowledgement unless the job has reported since: a stuck job may crash later."""
    return note if note and note.at >= job.reported else None


def _stops(found: list[Job]) -> dict[int, CommandedStop]:
    """The commands that ended these jobs, by id of the job."""
    numbers = {job.stopped_by for job in found}
    rows = {row.id: row for row in CommandedStop.select().where(CommandedStop.id.in_(numbers))} if numbers else {}
    return {job.id: rows[job.stopped_by] for job in found if job.stopped_by in rows}


def count_clients(found: list[Client]) -> ClientCounts:
    """The number of clients in each state, and of failed attempts."""
    states = [client.newest.state for client in found]
    failed = sum(1 for client in found for attempt in client.earlier if attempt.state == CRASHED)
    return ClientCounts({state: states.count(state) for state in JOB_BADGES}, failed, failed + states.count(CRASHED))
