"""The timeline: runs by clients, as a table that shows where jobs crashed."""

from __future__ import annotations

import time
from itertools import groupby
from typing import Any, NamedTuple

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.square.models import SYSTEMS, Job, Run
from app.square.runs import client_name, short, span
from app.square.states import LOOKS, ORDER, exit_words, state_of
from app.square.view_state import ViewState, view_from_request
from app.web import page
from app.web.arguments import LARGEST_RUN, int_arg
from app.web.clock import ZONES

pages = Blueprint("square_timeline", __name__)

RUNS = 40
"""Runs of one page."""

LONGEST_FILTER = 100


class Filters(NamedTuple):
    """first, last: the range of runs; bad: only jobs that did not end well; seen: only those that saw a lumisection; client: part of its name."""

    first: int
    last: int
    bad: bool
    seen: bool
    client: str

    @property
    def query(self) -> dict[str, Any]:
        """As the address has it."""
        return {
            "from": self.first or "", "to": self.last if self.last < LARGEST_RUN else "", "bad": "1" if self.bad else "",
            "seen": "1" if self.seen else "", "client": self.client,
        }  # fmt: skip


class Cell(NamedTuple):
    """The jobs of one client in a run. state: the worst of them; events: of the newest, in short; key: of the one to look at."""

    state: str
    events: str
    jobs: int
    title: str
    key: str


class Line(NamedTuple):
    run: Run
    cells: dict[str, Cell]


@pages.get("/square/timeline")
@needs(Role.VIEWER)
def timeline() -> Response:
    """Runs from the newest, by client."""
    place = view_from_request()
    args = request.args
    filters = Filters(
        int_arg("from", 0), int_arg("to", LARGEST_RUN), args.get("bad") == "1", args.get("seen") == "1",
        args.get("client", "").strip()[:LONGEST_FILTER],
    )  # fmt: skip
    before = int_arg("before", LARGEST_RUN)
    found = _runs(place, filters, before)
    lines = _lines(place, filters, found[:RUNS])
    names = sorted({name for line in lines for name in line.cells}, key=str.casefold)
    return page(
        "square/timeline.html", "square/timeline_fragment.html",
        place=place, filters=filters, lines=lines, names=names, looks=LOOKS, known=span(place.system),
        older=place.link("/square/timeline", **filters.query, before=found[RUNS - 1].run) if len(found) > RUNS else "",
        newest=place.link("/square/timeline", **filters.query) if before < LARGEST_RUN else "",
        table=place.link("/square/statistics.csv", **{name: filters.query[name] for name in ("from", "to")}),
        systems=[(name, place.replace(system=name).link("/square/timeline"), name == place.system) for name in SYSTEMS],
        zones=[(name, place.replace(tz=name).link("/square/timeline", **filters.query), name == place.tz) for name in ZONES],
    )  # fmt: skip


def _runs(place: ViewState, filters: Filters, before: int) -> list[Run]:
    """One run more than a page shows, so that it is known whether there are more."""
    chosen = Run.select().where(Run.system == place.system, Run.run.between(filters.first, filters.last), Run.run < before)
    if filters.bad or filters.seen or filters.client:
        chosen = chosen.where(Run.run.in_(_chosen(place, filters, Job.select(Job.run))))
    return list(chosen.order_by(Run.run.desc()).limit(RUNS + 1))


def _chosen(place: ViewState, filters: Filters, query: Any) -> Any:
    """The jobs that the filters let through."""
    query = query.where(Job.system == place.system)
    if filters.bad:
        query = query.where((Job.exit_code != 0) | Job.exit_code.is_null())
    if filters.seen:
        query = query.where(Job.lumi > 0)
    return query.where(Job.tag.contains(filters.client)) if filters.client else query


def _lines(place: ViewState, filters: Filters, found: list[Run]) -> list[Line]:
    columns = (Job.run, Job.tag, Job.key, Job.host, Job.exit_code, Job.lumi, Job.events, Job.reported, Job.started)
    chosen = _chosen(place, filters, Job.select(*columns)).where(Job.run.in_([run.run for run in found]))
    jobs = list(chosen.order_by(Job.run, Job.tag, Job.started.desc()).namedtuples())
    cells: dict[int, dict[str, Cell]] = {}
    for (run, tag), same in groupby(jobs, key=lambda job: (job.run, job.tag)):
        cells.setdefault(run, {})[client_name(tag)] = _cell(list(same))
    return [Line(run, cells.get(run.run, {})) for run in found]


def _cell(jobs: list[Any]) -> Cell:
    now = time.time()
    states = [state_of(job.exit_code, now - job.reported) for job in jobs]
    worst = min(range(len(jobs)), key=lambda at: ORDER[states[at]])
    told = []
    for job, state in zip(jobs, states, strict=True):
        code = f" {exit_words(job.exit_code)}" if job.exit_code else ""
        told.append(f"{job.host}: {LOOKS[state].text}{code}, LS {'–' if job.lumi is None else job.lumi}, {short(job.events)} events")
    return Cell(states[worst], short(jobs[0].events), len(jobs), "\n".join(told), jobs[worst].key)
