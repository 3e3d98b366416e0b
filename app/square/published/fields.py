"""The allow-list: the fields of runs, jobs, machines and events that are published, each text of them redacted.

Only fields of the classes in this module are published.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from app.core.database import rows
from app.core.events import Event
from app.publish.sanitize.sanitizer import Sanitizer
from app.square.clients import client_name
from app.square.models import Job, Run
from app.square.published.clients import public_client
from app.square.runs import MachineState

UNPUBLISHED = frozenset({"id", "system", "key", "pid", "path", "data_run", "version"})
"""Columns of `Job` that are not published. No part of its document is published; its log is redacted by `Sanitizer.lines`."""

UNPUBLISHED_OF_RUN = frozenset(
    {"id", "system", "version", "jobs", "clients", "running", "finished", "crashed", "stopped", "failed", "hosts", "doubt"}
)
"""Columns of `Run` that are not published: its jobs are."""


class PublicJob(NamedTuple):
    """The published fields of a job; None: not reported."""

    identifier: str  # 20 hex digits
    run: int | None
    host: str  # as fu..04
    name: str  # of the client
    exit_code: int | None
    fi_state: int | None
    lumi: int | None
    events: int | None
    rate: float | None
    rss_kb: int | None
    cmssw: str
    runkey: str
    started: float
    reported: float
    is_stopped: bool  # a command ended it


class PublicRun(NamedTuple):
    """The published fields of a run, as the columns of `Run`, and its jobs."""

    run: int
    data_run: int | None
    runkey: str
    cmssw: str
    first: float
    last: float
    lumi: int | None
    clients: tuple[PublicJob, ...]


class PublicMachine(NamedTuple):
    """The published fields of a machine."""

    host: str  # as dqmfu-c2b03-..: two machines may have the same public name
    reported_up: bool  # up, in the last report of P5
    message: str
    at: float  # time of that report, Unix s UTC


class PublicEvent(NamedTuple):
    """The published fields of an event."""

    id: str
    at: float  # Unix s UTC
    kind: str
    run: int | None
    title: str
    text: str


def public_run(run: Run, jobs: Iterable[Job], sanitizer: Sanitizer) -> PublicRun:
    """A run with its jobs."""
    clients = tuple(
        public_job(job, sanitizer) for job in jobs
    )  # first: their paths reveal user names that may occur in the release of the run
    return PublicRun(
        run=run.run,
        data_run=run.data_run,
        runkey=sanitizer.short_text(run.runkey),
        cmssw=sanitizer.short_text(run.cmssw),
        first=run.first,
        last=run.last,
        lumi=run.lumi,
        clients=clients,
    )


def public_job(job: Job, sanitizer: Sanitizer) -> PublicJob:
    """The published fields of a job."""
    sanitizer.counts["field"] += len(UNPUBLISHED)
    sanitizer.learn_users([job.path])
    return PublicJob(
        identifier=sanitizer.identifier(job.key),
        run=job.run,
        host=sanitizer.host(job.host),
        name=public_client(job.tag, sanitizer),
        exit_code=job.exit_code,
        fi_state=job.fi_state,
        lumi=job.lumi,
        events=job.events,
        rate=job.rate,
        rss_kb=job.rss_kb,
        cmssw=sanitizer.short_text(job.cmssw),
        runkey=sanitizer.short_text(job.runkey),
        started=job.started,
        reported=job.reported,
        is_stopped=job.stopped_by is not None,
    )


def public_machine(machine: MachineState, sanitizer: Sanitizer) -> PublicMachine:
    """A machine and its status at P5."""
    return PublicMachine(sanitizer.host(machine.name), machine.reported_up, sanitizer.text(machine.message), machine.at)


def public_event(event: Event, sanitizer: Sanitizer) -> PublicEvent:
    """An event with the public names of hosts."""
    chosen = Job.key == event.key if event.key else Job.run == event.run
    is_of_jobs = event.kind != "silent-host"
    jobs = rows(Job.select(Job.path, Job.host, Job.tag).where(Job.system == event.system, chosen).distinct()) if is_of_jobs else []
    sanitizer.learn_users(path for path, _, _ in jobs)
    hosts = {host for _, host, _ in jobs} or {event.key}
    tag = next((tag for _, _, tag in jobs if event.key and event.title.startswith(f"{client_name(tag)} ")), None)
    rest = event.title if tag is None else event.title.removeprefix(client_name(tag))
    title = ("" if tag is None else public_client(tag, sanitizer)) + sanitizer.sentence(rest, hosts)
    text = sanitizer.sentence(event.text, hosts)
    return PublicEvent(sanitizer.identifier(event.id), event.at, event.kind, event.run, title, text)
