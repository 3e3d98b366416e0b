"""The timeline: pages of a hundred run numbers, as the hub rendered them; with filters, rendered here from the data of the runs."""

from __future__ import annotations

import json
import time
from collections.abc import Container
from typing import Any, NamedTuple

from protocol.snapshot import ItemKey

from .pages import PageContent, link, load_template, time_html
from .query import optional_integer, parse_text
from .store import StoreView

RUNS_PER_PAGE = 100
"""Run numbers of a page; not all of them have data."""

STUCK_S = 900
"""A job without a report for this long is probably stuck."""

WORST_FIRST = ("crashed", "stuck", "running", "stopped", "finished")

Client = list[Any]
"""A job in the data of a run: reported, host, exit code, name, lumi, rss, events, identifier, rate, fi_state."""


class Filters(NamedTuple):
    """Filters of the timeline."""

    run: int | None  # run number on the page; None: the newest run
    failed_only: bool
    with_data_only: bool
    client: str  # part of the name

    @property
    def query(self) -> dict[str, str]:
        """The filters of jobs as parameters of an address."""
        return {"bad": "1" if self.failed_only else "", "seen": "1" if self.with_data_only else "", "client": self.client}

    def matches(self, job: Client, stopped: Container[str]) -> bool:
        """Whether a job passes the filters. stopped: identifiers of jobs that a command ended."""
        _, _, exit_code, name, lumi, _, _, identifier, *_ = job
        has_failed = exit_code != 0 and identifier not in stopped
        if (self.failed_only and not has_failed) or (self.with_data_only and lumi <= 0):
            return False
        return self.client.lower() in name.lower()


class TimelinePage(NamedTuple):
    """A page of the timeline."""

    content: PageContent
    runs_read: int  # number of runs whose data were read to render the page


class Cell(NamedTuple):
    """The jobs of one client in one run."""

    state: str  # the worst of the jobs without a newer attempt
    events: str  # of the latest job, short
    jobs: int
    title: str  # one line per job
    href: str


def parse_filters() -> Filters:
    """The filters in the query of the current request."""
    return Filters(optional_integer("from"), parse_text("bad") == "1", parse_text("seen") == "1", parse_text("client", 100))


def timeline_page(view: StoreView, system: str, filters: Filters) -> TimelinePage:
    """The page with the run selected by the filters, otherwise with the newest run."""
    newest = view.first_and_last_run(system)[1]
    first = (filters.run if filters.run is not None else newest or 0) // RUNS_PER_PAGE * RUNS_PER_PAGE
    last = first + RUNS_PER_PAGE - 1
    above = load_template("filters.html").render(
        system=system, filters=filters, first=first, last=last, links=_page_links(view, system, filters, first, newest)
    )
    stored = None if any(filters.query.values()) else view.item(ItemKey("timeline", system, first, "page"))
    if stored:
        poll = link("live", system, **{"from": first})
        fragment = stored.content.decode(errors="replace")
        return TimelinePage(PageContent("Timeline", fragment, stored.tag, "timeline", poll, above=above), 0)
    runs = [json.loads(item.content) for _, item in view.run_data(system, first, last, RUNS_PER_PAGE)]
    return TimelinePage(PageContent("Timeline", render_matrix(view, system, filters, runs), section="timeline", above=above), len(runs))


def _page_links(view: StoreView, system: str, filters: Filters, first: int, newest: int | None) -> dict[str, str]:
    """Addresses of the pages `older`, `newer` and `latest`, those that exist and are not this page."""
    older, newer = view.neighbours(system, first)[0], view.neighbours(system, first + RUNS_PER_PAGE - 1)[1]
    links = {}
    for name, run in (("older", older), ("newer", newer)):
        if run is not None:
            links[name] = link("timeline", system, **filters.query, **{"from": run // RUNS_PER_PAGE * RUNS_PER_PAGE})
    if newest is not None and newer is not None:
        links["latest"] = link("timeline", system, **filters.query)
    return links


def render_matrix(view: StoreView, system: str, filters: Filters, runs: list[dict[str, Any]]) -> str:
    """A table with a row for each run and a column for each client; clients without a job that passes the filters are left out."""
    rows = []
    for run in runs:
        jobs: dict[str, list[Client]] = {}
        for job in run["clients"]:
            jobs.setdefault(job[3], []).append(job)
        stopped = run.get("stopped", ())
        cells = {
            name: make_cell(view, system, run, same) for name, same in jobs.items() if any(filters.matches(job, stopped) for job in same)
        }
        if cells:
            rows.append((run, cells))
    names = sorted({name for _, cells in rows for name in cells}, key=str.casefold)
    html: str = load_template("matrix.html").render(rows=rows, names=names, system=system, link=link, time_html=time_html)
    return html


def make_cell(view: StoreView, system: str, run: dict[str, Any], jobs: list[Client]) -> Cell:
    """The cell of the jobs of one client; it links to the log of the worst job without a newer attempt, or else to the run."""
    earlier = run.get("earlier", ())  # older hubs do not send it
    states = [job_state(job, run.get("stopped", ())) for job in jobs]
    worst = min((at for at, job in enumerate(jobs) if job[7] not in earlier), key=lambda at: WORST_FIRST.index(states[at]))
    title = "\n".join(_describe(job, state) for job, state in zip(jobs, states, strict=True))
    identifier = jobs[worst][7]
    number = run["run"]
    has_log = view.tag(ItemKey("log", system, number, identifier))
    href = link(f"logs/{number}/{identifier}" if has_log else f"runs/{number}", system)
    latest = max(jobs, key=lambda job: job[0])
    return Cell(states[worst], short_count(latest[6]), len(jobs), title, href)


def _describe(job: Client, state: str) -> str:
    _, host, exit_code, _, lumi, _, events, *_ = job
    code = f" {exit_code}" if exit_code > 0 or exit_code < -1 else ""
    return f"{host}: {state}{code}, LS {lumi}, {short_count(events)} events"


def job_state(job: Client, stopped: Container[str]) -> str:
    """One of WORST_FIRST. stopped: identifiers of jobs that a command ended."""
    reported, _, exit_code, _, _, _, _, identifier, *_ = job
    if exit_code == -1:
        return "stuck" if time.time() - reported >= STUCK_S else "running"
    return "finished" if not exit_code else "stopped" if identifier in stopped else "crashed"


def short_count(events: int) -> str:
    """A number of events in up to four characters: 950, 1.2K, 12M."""
    if events < 0:
        return "–"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if events >= size:
            return f"{events / size:.0f}{letter}" if events >= 10 * size else f"{events / size:.1f}{letter}"
    return str(events)
