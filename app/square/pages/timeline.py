"""The timeline: a table of runs by clients that shows crashes at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from flask import Blueprint, Response, request

from app.core.database import rows
from app.security import Role, needs
from app.square.clients import client_name, earlier_attempts, job_state
from app.square.models import HiddenRun, Job, Run
from app.square.plausibility import DOUBTS
from app.square.runs import doubtful_runs, hidden_runs, is_listed, job_summary, run_range, short_count
from app.square.states import JOB_BADGES, URGENCY
from app.square.view_state import ViewState, view_from_request
from app.web import page
from app.web.arguments import LARGEST_RUN, int_arg
from app.web.badges import Badge
from app.web.links import NavLink

pages = Blueprint("square_timeline", __name__)

PATH = "/square/timeline"

PAGE_RUNS = 40
"""Runs on one page."""

MAX_FILTER_CHARS = 100


class TimelineFilter(NamedTuple):
    """The runs and jobs to show."""

    first: int  # run
    last: int  # run
    bad: bool  # only jobs without exit code 0
    seen: bool  # only jobs that saw a lumisection
    client: str  # part of the name of the client

    @property
    def query(self) -> dict[str, Any]:
        """The filter as arguments of an address."""
        return {
            "from": self.first or "",
            "to": self.last if self.last < LARGEST_RUN else "",
            "bad": "1" if self.bad else "",
            "seen": "1" if self.seen else "",
            "client": self.client,
        }


class TimelineCell(NamedTuple):
    """The jobs of one client in a run."""

    state: str  # the most urgent of the jobs without a newer attempt
    events: str  # of the newest job, shortened
    jobs: int
    title: str  # one line per job
    key: str  # of the job with this state


class TimelineLine(NamedTuple):
    """A run with the cells of its clients by name."""

    run: Run
    cells: dict[str, TimelineCell]


@dataclass(frozen=True)
class TimelinePage:
    """Values of the templates timeline.html and timeline_fragment.html."""

    view: ViewState
    filters: TimelineFilter
    lines: list[TimelineLine]
    names: list[str]  # of the clients, as columns
    badges: Mapping[str, Badge]  # by state
    known: tuple[int | None, int | None]  # first and newest run
    older: str  # address of the next page; "" for none
    newest: str  # address of the first page; "" if this is it
    table: str  # address of the table as CSV
    doubtful: list[Run]  # on the first page
    hidden: list[HiddenRun]  # on the first page
    doubts: Mapping[str, str]  # sentences by Run.doubt
    systems: list[NavLink]
    zones: list[NavLink]


def filter_from_request() -> TimelineFilter:
    """The filter in the query. Raises Problem 400."""
    args = request.args
    return TimelineFilter(
        first=int_arg("from", 0),
        last=int_arg("to", LARGEST_RUN),
        bad=args.get("bad") == "1",
        seen=args.get("seen") == "1",
        client=args.get("client", "").strip()[:MAX_FILTER_CHARS],
    )


@pages.get(PATH)
@needs(Role.VIEWER)
def timeline() -> Response:
    """Runs in descending order by client."""
    found = _timeline_page(view_from_request(), filter_from_request(), int_arg("before", LARGEST_RUN))
    return page("square/timeline.html", "square/timeline_fragment.html", **vars(found))


def _timeline_page(view: ViewState, filters: TimelineFilter, before: int) -> TimelinePage:
    found = _runs(view, filters, before)
    lines = _lines(view, filters, found[:PAGE_RUNS])
    has_more, is_first = len(found) > PAGE_RUNS, before == LARGEST_RUN
    return TimelinePage(
        view=view,
        filters=filters,
        lines=lines,
        names=sorted({name for line in lines for name in line.cells}, key=str.casefold),
        badges=JOB_BADGES,
        known=run_range(view.system),
        older=view.link(PATH, **filters.query, before=found[PAGE_RUNS - 1].run) if has_more else "",
        newest=view.link(PATH, **filters.query) if not is_first else "",
        table=view.link("/square/statistics.csv", **{name: filters.query[name] for name in ("from", "to")}),
        doubtful=doubtful_runs(view.system) if is_first else [],
        hidden=hidden_runs(view.system) if is_first else [],
        doubts=DOUBTS,
        systems=view.system_links(PATH),
        zones=view.zone_links(PATH, **filters.query),
    )


def _runs(view: ViewState, filters: TimelineFilter, before: int) -> list[Run]:
    """The runs of a page, and one more if there are more."""
    chosen = Run.select().where(is_listed(view.system), Run.run.between(filters.first, filters.last), Run.run < before)
    if filters.bad or filters.seen or filters.client:
        chosen = chosen.where(Run.run.in_(_filtered(view, filters, Job.select(Job.run))))
    return list(chosen.order_by(Run.run.desc()).limit(PAGE_RUNS + 1))


def _filtered(view: ViewState, filters: TimelineFilter, query: Any) -> Any:
    """A query for jobs, restricted by the filter."""
    query = query.where(Job.system == view.system)
    if filters.bad:
        query = query.where((Job.exit_code != 0) & Job.stopped_by.is_null() | Job.exit_code.is_null())
    if filters.seen:
        query = query.where(Job.lumi > 0)
    return query.where(Job.tag.contains(filters.client)) if filters.client else query


def _lines(view: ViewState, filters: TimelineFilter, found: list[Run]) -> list[TimelineLine]:
    columns = (Job.id, Job.run, Job.tag, Job.key, Job.host, Job.exit_code, Job.stopped_by, Job.lumi, Job.events, Job.reported, Job.started)
    numbers = [run.run for run in found]
    jobs = list(
        Job.select(*columns)
        .where(Job.system == view.system, Job.run.in_(numbers))
        .order_by(Job.run, Job.tag, Job.started.desc(), Job.id.desc())
        .namedtuples()
    )
    earlier = earlier_attempts(jobs)
    chosen = {(run, tag) for run, tag in rows(_filtered(view, filters, Job.select(Job.run, Job.tag)).where(Job.run.in_(numbers)))}
    cells: dict[int, dict[str, TimelineCell]] = {}
    for (run, tag), same in groupby(jobs, key=lambda job: (job.run, job.tag)):
        if (run, tag) in chosen:
            cells.setdefault(run, {})[client_name(tag)] = _cell(list(same), earlier)
    return [TimelineLine(run, cells.get(run.run, {})) for run in found]


def _cell(jobs: list[Any], earlier: set[str]) -> TimelineCell:
    """The jobs of a client, newest first. earlier: keys of attempts that a newer one replaced."""
    states = [job_state(job) for job in jobs]
    urgent = min((index for index, job in enumerate(jobs) if job.key not in earlier), key=lambda index: URGENCY[states[index]])
    title = "\n".join(job_summary(job, state) for job, state in zip(jobs, states, strict=True))
    return TimelineCell(states[urgent], short_count(jobs[0].events), len(jobs), title, jobs[urgent].key)
