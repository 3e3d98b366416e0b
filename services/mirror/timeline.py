"""The timeline: a hundred run numbers a page, as the hub made it; with filters, or before it has come, made here from the data of the runs."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from protocol.snapshot import ItemKey

from . import asking
from .pages import link, moment, template
from .store import View

BLOCK = 100
"""Run numbers of one page."""

STUCK_S = 900
"""After so long without a report a job that has not ended is probably stuck."""

WORST = ("crashed", "stuck", "running", "finished")


class Filters(NamedTuple):
    """first: a run number of the page; bad: only jobs that did not end well; seen: only those that saw a lumisection; client: part of its name."""

    first: int | None
    bad: bool
    seen: bool
    client: str

    @property
    def query(self) -> dict[str, str]:
        """As the address has them."""
        return {"bad": "1" if self.bad else "", "seen": "1" if self.seen else "", "client": self.client}

    def let_through(self, job: list[Any]) -> bool:
        _, _, code, name, lumi, *_ = job
        return not (self.bad and code == 0) and not (self.seen and lumi <= 0) and self.client.lower() in name.lower()


class Shown(NamedTuple):
    """A page of the timeline. before: what stands above the table; html: the table; tag, poll: as of pages.page; read: runs that were read for it."""

    before: str
    html: str
    tag: str
    poll: str
    read: int


class Cell(NamedTuple):
    """The jobs of one client in a run: the worst state, events of the newest in short, their number, a line for each, and where the address leads."""

    state: str
    events: str
    jobs: int
    title: str
    href: str


def asked() -> Filters:
    return Filters(asking.whole("from"), asking.text("bad") == "1", asking.text("seen") == "1", asking.text("client", 100))


def show(now: View, system: str, filters: Filters) -> Shown:
    """The page with the run that the filters name, else with the newest."""
    last = now.ends("run", system)[1]
    first = (filters.first if filters.first is not None else last or 0) // BLOCK * BLOCK
    older, newer = now.around("run", system, first)[0], now.around("run", system, first + BLOCK - 1)[1]
    pages = {"older": older, "newer": newer, "newest": last if newer is not None else None}
    ways = {
        name: link("timeline", system, **filters.query, **({"from": run // BLOCK * BLOCK} if name != "newest" else {}))
        for name, run in pages.items()
        if run is not None
    }
    before = template("filters.html").render(
        system=system, filters=filters, first=first, last=first + BLOCK - 1, ways=ways, chosen=filters.first
    )
    kept = None if any(filters.query.values()) else now.item(ItemKey("timeline", system, first, "page"))
    if kept:
        poll = link("live", system, **{"from": first})
        return Shown(before, kept.content.decode(errors="replace"), kept.tag, poll, 0)
    found = [json.loads(run.content) for _, run in now.of_runs("run", system, first, first + BLOCK - 1, BLOCK)]
    return Shown(before, matrix(now, system, filters, found), "", "", len(found))


def matrix(now: View, system: str, filters: Filters, runs: list[dict[str, Any]]) -> str:
    """Runs by clients, of the jobs that the filters let through."""
    lines = []
    for data in runs:
        jobs: dict[str, list[list[Any]]] = {}
        for job in filter(filters.let_through, data["clients"]):
            jobs.setdefault(job[3], []).append(job)
        if jobs:
            lines.append((data, {name: cell(now, system, data["run"], same) for name, same in jobs.items()}))
    names = sorted({name for _, cells in lines for name in cells}, key=str.casefold)
    text: str = template("matrix.html").render(lines=lines, names=names, system=system, link=link, moment=moment)
    return text


def cell(now: View, system: str, run: int, jobs: list[list[Any]]) -> Cell:
    states = [state_of(job) for job in jobs]
    worst = min(range(len(jobs)), key=lambda at: WORST.index(states[at]))
    title = "\n".join(
        f"{host}: {state}{f' {code}' if code > 0 or code < -1 else ''}, LS {lumi}, {short(events)} events"
        for state, (_, host, code, _, lumi, _, events, *_) in zip(states, jobs, strict=True)
    )
    identifier = jobs[worst][7]
    has_log = now.tag(ItemKey("log", system, run, identifier))
    href = link(f"logs/{run}/{identifier}" if has_log else f"runs/{run}", system)
    newest = max(jobs, key=lambda job: job[0])
    return Cell(states[worst], short(newest[6]), len(jobs), title, href)


def state_of(job: list[Any]) -> str:
    reported, _, code, *_ = job
    if code == -1:
        return "stuck" if time.time() - reported >= STUCK_S else "running"
    return "crashed" if code else "finished"


def short(events: int) -> str:
    """A number of events in three or four letters."""
    if events < 0:
        return "–"
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if events >= size:
            return f"{events / size:.0f}{letter}" if events >= 10 * size else f"{events / size:.1f}{letter}"
    return str(events)
