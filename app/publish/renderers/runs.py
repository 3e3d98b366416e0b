"""A run, the newest run with its machines, and the timeline."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from app.publish.fragments import fragment
from app.publish.items import HTML, Rendered, Wanted
from app.publish.plan import BLOCK, silent_since
from app.publish.sanitize.sanitizer import OutsideJob, OutsideRun, Sanitizer
from app.square import runs
from app.square.models import Job, Run
from app.square.states import CRASHED, FINISHED, LOOKS, ORDER, RUNNING, STUCK, STUCK_S, Look, exit_words, state_of

GONE = LOOKS[FINISHED]._replace(icon="unsure", text="unknown")


class Line(NamedTuple):
    """A job in the table. note: which attempt of its client; minor: an earlier one; log: whether outside has it."""

    job: OutsideJob
    state: str
    note: str
    minor: bool
    log: bool

    @property
    def exit(self) -> str:
        return exit_words(self.job.exit_code)


class Situation(NamedTuple):
    """What goes on, in one word and, unless all is well, a sentence, which may end with a moment."""

    look: Look
    text: str = ""
    since: float | None = None


class Machine(NamedTuple):
    """A machine in the list. since: from when on it is so; of one that is unknown, when P5 spoke of it last."""

    host: str
    look: Look
    message: str
    since: float
    known: bool


class Cell(NamedTuple):
    """The jobs of a client in a run. state: the worst of them; events: of the newest, in short; title: a line for each."""

    state: str
    events: str
    jobs: int
    title: str


class Row(NamedTuple):
    """A run in the timeline, with its clients by name."""

    run: OutsideRun
    cells: dict[str, Cell]


def run(wanted: Wanted) -> Rendered:
    """The page of a run, and its data for scripts."""
    row = runs.find(wanted.place.system, wanted.place.run)
    if row is None:
        return Rendered([])
    found = runs.jobs(wanted.place.system, row.run)
    seen = wanted.clean.run(row, found)
    html = wanted.item("run", "page", HTML, _page(wanted, seen, found))
    return Rendered([html, wanted.json("run", "data", _data(seen))], due(found))


def live(wanted: Wanted) -> Rendered:
    """The page of the newest run, with the machines."""
    system = wanted.place.system
    row = runs.find(system, wanted.kept[0]) if wanted.kept else None
    found = runs.jobs(system, row.run) if row else []
    known = runs.machines(system)
    machines = [_machine(one, wanted.clean) for one in known]
    seen = wanted.clean.run(row, found) if row else None
    page = wanted.item("live", "page", HTML, _page(wanted, seen, found, machines))
    return Rendered([page], next_of([due(found), *(one.at + runs.STATUS_S for one in known)]))


def due(found: Iterable[Job]) -> float:
    """When the next running job is stuck, unless it reports before."""
    return next_of(job.reported + STUCK_S for job in found if job.exit_code is None)


def next_of(moments: Iterable[float]) -> float:
    """The first moment that is still to come, Unix s UTC; 0 without any."""
    now = time.time()
    return min((at for at in moments if at > now), default=0.0)


def _page(wanted: Wanted, seen: OutsideRun | None, found: list[Job], machines: list[Machine] | None = None) -> str:
    """The page of a run; machines: those of its system on the page of the newest run, None on that of a run."""
    system, live = wanted.place.system, machines is not None
    clients = runs.clients(system, found)
    jobs = {job.key: of for job, of in zip(found, seen.clients if seen else (), strict=True)}
    before, after = _neighbours(wanted.kept, seen.run) if seen else (None, None)
    return fragment(
        "run", system=system, run=seen, before=before, after=after, live=live, machines=machines or [], counts=runs.counts(clients),
        situation=_situation(system, seen, clients, live), lines=_lines(clients, jobs, wanted.logs), charts=wanted.tags,
    )  # fmt: skip


def _neighbours(kept: list[int], number: int) -> tuple[int | None, int | None]:
    at = kept.index(number)
    return (kept[at + 1] if at + 1 < len(kept) else None), (kept[at - 1] if at else None)


def _lines(clients: list[runs.Client], seen: dict[str, OutsideJob], logs: frozenset[str]) -> list[Line]:
    lines = []
    for client in clients:
        attempts = (client.newest, *client.earlier)
        for place, one in enumerate(attempts):
            note = f"attempt {len(attempts) - place}" if len(attempts) > 1 else ""
            lines.append(Line(seen[one.job.key], one.state, note, place > 0, one.job.key in logs))
    return lines


def _situation(system: str, run: OutsideRun | None, clients: list[runs.Client], live: bool) -> Situation:
    silent = silent_since(system, time.time()) if live else None
    if silent is not None:
        return Situation(LOOKS[CRASHED]._replace(text="no contact"), "The machines at P5 have not been heard of for", silent)
    states = {client.newest.state for client in clients}
    if run is None:
        return Situation(LOOKS[FINISHED]._replace(icon="off", text="waiting"), "No run was reported yet.")
    if RUNNING in states:
        return Situation(LOOKS[RUNNING]._replace(text="live"))
    if STUCK in states:
        return Situation(LOOKS[STUCK]._replace(text="no news"), "Not all jobs of this run have told of their end.")
    return Situation(LOOKS[FINISHED]._replace(text="ended"))


def _machine(one: runs.Machine, clean: Sanitizer) -> Machine:
    look = GONE if one.up is None else LOOKS[RUNNING]._replace(icon="ok", text="up") if one.up else LOOKS[CRASHED]._replace(text="down")
    seen = clean.machine(one)
    return Machine(seen.host, look, seen.message, one.since if one.up is not None else seen.at, one.up is not None)


def _data(seen: OutsideRun) -> dict[str, Any]:
    """A run for scripts, in the shapes of docs/developers/snapshots.md."""
    facts = {name: getattr(seen, name) for name in ("run", "data_run", "runkey", "cmssw", "first", "last")}
    return facts | {"clients": [_client(job) for job in sorted(seen.clients, key=lambda job: (job.name, job.identifier))]}


def _client(job: OutsideJob) -> list[Any]:
    exit_code, lumi, events = (-1 if value is None else value for value in (job.exit_code, job.lumi, job.events))
    rss, state = "" if job.rss_kb is None else f"{job.rss_kb} kB", "" if job.fi_state is None else str(job.fi_state)
    rate = -1.0 if job.rate is None else job.rate
    return [job.reported, job.host, exit_code, job.name, lumi, rss, events, job.identifier, rate, state]


def timeline(wanted: Wanted) -> Rendered:
    """The runs of a block of run numbers."""
    system, first = wanted.place.system, wanted.place.run
    numbers = [number for number in wanted.kept if first <= number < first + BLOCK]
    jobs = list(Job.select().where(Job.system == system, Job.run.in_(numbers)).order_by(Job.run, Job.started.desc(), Job.id))
    by_run = {number: list(same) for number, same in groupby(jobs, key=lambda job: job.run)}
    rows = []
    for row in Run.select().where(Run.system == system, Run.run.in_(numbers)).order_by(Run.run.desc()):
        seen, by_name = wanted.clean.run(row, by_run.get(row.run, [])), defaultdict(list)
        for job in seen.clients:
            by_name[job.name].append(job)
        rows.append(Row(seen, {name: _cell(same) for name, same in by_name.items()}))
    names = sorted({name for row in rows for name in row.cells}, key=str.casefold)
    page = wanted.item("timeline", "page", HTML, fragment("timeline", system=system, lines=rows, names=names))
    return Rendered([page], due(jobs))


def _cell(jobs: list[OutsideJob]) -> Cell:
    """The jobs of a client, the newest first, in one cell."""
    now = time.time()
    states = [state_of(job.exit_code, now - job.reported) for job in jobs]
    told = []
    for job, state in zip(jobs, states, strict=True):
        code = f" {exit_words(job.exit_code)}" if job.exit_code else ""
        told.append(f"{job.host}: {LOOKS[state].text}{code}, LS {'–' if job.lumi is None else job.lumi}, {runs.short(job.events)} events")
    return Cell(min(states, key=ORDER.__getitem__), runs.short(jobs[0].events), len(jobs), "\n".join(told))
