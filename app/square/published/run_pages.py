"""Published pages of a run, and of the newest run with the machines at P5."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.publish.pieces import PieceKey
from app.publish.rendering import HTML, RenderContext, RenderResult
from app.publish.sanitize.sanitizer import Sanitizer
from app.square import runs
from app.square.clients import Client, count_clients, earlier_attempts, group_clients
from app.square.models import Job
from app.square.published.fields import PublicJob, PublicRun, public_machine, public_run
from app.square.published.fragments import fragment
from app.square.situation import public_situation
from app.square.states import CLIENT_BADGES, CRASHED, FINISHED, JOB_BADGES, RUNNING, STUCK_S, exit_words
from app.web.badges import Badge

UNKNOWN = JOB_BADGES[FINISHED]._replace(icon="unsure", text="unknown")
UP, DOWN = JOB_BADGES[RUNNING]._replace(icon="ok", text="up"), JOB_BADGES[CRASHED]._replace(text="down")

TAG_LENGTH = 16
"""Hex digits of a hash in the address of a chart."""


class JobRow(NamedTuple):
    """A row of the table of jobs."""

    job: PublicJob
    state: str
    note: str  # number of the attempt; "" for the only one
    minor: bool  # an earlier attempt
    log: bool  # its log is published

    @property
    def ahead(self) -> float:
        """Seconds by which its report is dated in the future."""
        return runs.ahead(self.job.reported)

    @property
    def exit(self) -> str:
        """The exit code in words."""
        return exit_words(self.job.exit_code)


class MachineItem(NamedTuple):
    """An entry of the list of machines."""

    host: str
    badge: Badge
    message: str
    since: float  # start of this status; of an unknown one, time of the last report
    known: bool


def run_page(context: RenderContext) -> RenderResult:
    """The page of a run, and its data for scripts."""
    row = runs.find_run(context.key.system, context.key.run)
    if row is None:
        return RenderResult([])
    jobs = runs.jobs(context.key.system, row.run)
    run = public_run(row, jobs, context.sanitizer)
    html = context.item("run", "page", HTML, _page(context, run, jobs))
    earlier = sorted(context.sanitizer.identifier(key) for key in earlier_attempts(jobs))
    return RenderResult([html, context.json("run", "data", _data(run, earlier))], next_stuck(jobs))


def live_page(context: RenderContext) -> RenderResult:
    """The page of the newest run, with the machines."""
    system = context.key.system
    published = context.planned.runs("run", system)
    row = runs.find_run(system, published[0]) if published else None
    jobs = runs.jobs(system, row.run) if row else []
    reported = runs.machines(system)
    machines = [_machine(machine, context.sanitizer) for machine in reported]
    run = public_run(row, jobs, context.sanitizer) if row else None
    page = context.item("live", "page", HTML, _page(context, run, jobs, machines))
    return RenderResult([page], next_of([next_stuck(jobs), *(machine.at + runs.STATUS_S for machine in reported)]))


def next_stuck(jobs: Iterable[Job]) -> float:
    """When the next running job becomes stuck unless it reports, or a report is no longer in the future, Unix s UTC; 0: never."""
    return next_of(at for job in jobs for at in ([job.reported] if job.exit_code is not None else [job.reported, job.reported + STUCK_S]))


def next_of(times: Iterable[float]) -> float:
    """The earliest time in the future, Unix s UTC; 0 if there is none."""
    now = time.time()
    return min((at for at in times if at > now), default=0.0)


def _page(context: RenderContext, run: PublicRun | None, jobs: list[Job], machines: list[MachineItem] | None = None) -> str:
    """The page of a run.

    Args:
        machines: The machines of the system on the page of the newest run; None: a page of one run.
    """
    system, live = context.key.system, machines is not None
    clients = group_clients(system, jobs)
    public_jobs = {job.key: public for job, public in zip(jobs, run.clients if run else (), strict=True)}
    before, after = _neighbours(context.planned.runs("run", system), run.run) if run else (None, None)
    logs = context.planned.names("log", system, run.run) if run else frozenset()
    return fragment(
        "run",
        system=system,
        run=run,
        before=before,
        after=after,
        live=live,
        machines=machines or [],
        counts=count_clients(clients),
        client_badges=CLIENT_BADGES,
        ahead=runs.ahead(run.last) if run else 0.0,
        situation=public_situation(system, bool(run), clients, live),
        rows=_rows(clients, public_jobs, logs),
        charts=_chart_tags(context, run.run) if run else {},
    )


def _chart_tags(context: RenderContext, run: int) -> dict[str, str]:
    """The tag of each published chart of a run, by its name."""
    if PieceKey("files", context.key.system, run) not in context.planned:
        return {}
    return {name: sha256[:TAG_LENGTH] for name, sha256 in context.hashes("chart", run).items()}


def _neighbours(published: list[int], run: int) -> tuple[int | None, int | None]:
    """The published runs before and after a run, by number."""
    before, after = [one for one in published if one < run], [one for one in published if one > run]
    return max(before, default=None), min(after, default=None)


def _rows(clients: list[Client], public_jobs: dict[str, PublicJob], logs: frozenset[str]) -> list[JobRow]:
    rows = []
    for client in clients:
        for place, attempt in enumerate(client.attempts):
            note = f"attempt {len(client.attempts) - place}" if client.earlier else ""
            rows.append(JobRow(public_jobs[attempt.job.key], attempt.state, note, place > 0, attempt.job.key in logs))
    return rows


def _machine(machine: runs.MachineState, sanitizer: Sanitizer) -> MachineItem:
    badge = UNKNOWN if machine.up is None else UP if machine.up else DOWN
    public = public_machine(machine, sanitizer)
    since = machine.since if machine.up is not None else public.at
    return MachineItem(public.host, badge, public.message, since, machine.up is not None)


def _data(run: PublicRun, earlier: list[str]) -> dict[str, Any]:
    """A run for scripts, in the form of docs/developers/snapshots.md. earlier: identifiers of attempts that a newer one replaced."""
    facts = {name: getattr(run, name) for name in ("run", "data_run", "runkey", "cmssw", "first", "last")}
    jobs = sorted(run.clients, key=lambda job: (job.name, job.identifier))
    stopped = [job.identifier for job in jobs if job.is_stopped]
    return facts | {"clients": [_client(job) for job in jobs], "earlier": earlier, "stopped": stopped}


def _client(job: PublicJob) -> list[Any]:
    exit_code, lumi, events = (-1 if value is None else value for value in (job.exit_code, job.lumi, job.events))
    rss, state = "" if job.rss_kb is None else f"{job.rss_kb} kB", "" if job.fi_state is None else str(job.fi_state)
    rate = -1.0 if job.rate is None else job.rate
    return [job.reported, job.host, exit_code, job.name, lumi, rss, events, job.identifier, rate, state]
