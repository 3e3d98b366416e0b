"""What happened to runs, jobs and hosts, as the tables say; nobody writes it down, so it is true for what was grabbed late, too.

| kind | what happened | at |
| --- | --- | --- |
| run-start | the first report of a run | `Run.first` |
| run-end | no job of a run runs any more | the last report; when a job never told its end, the moment when it counts as stuck |
| crash | a job ended with an exit code other than 0 | its last report |
| stuck | a job has not ended, and has not reported for STUCK_S | STUCK_S after its last report |
| silent-host | a host that is asked does not answer for SILENT_S, nor when it was asked SILENT_TIMES | SILENT_S after its last answer |
| silent-host | a machine is down, as two of P5's looks in a row say | the first of them |

When all jobs of a run have ended, clients may be about to start again: the run has ended once a newer one began, or
after SETTLE_S. A job that does not report because its host does not answer, or of whose host there are documents still to
be fetched, is not stuck, as far as anybody knows; nor is one of a run that was not among the newest NEWEST any more by then: nobody waits for it. Of a host that answers
again nothing tells that it was silent (one that never answered never fell silent: the status page shows it); of a
machine that P5 saw down, its statuses do.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.events import Event
from app.core.text import one_line
from app.square.event_source import SquareEvents
from app.square.models import Host, HostStatus, Job, Run
from app.square.runs import client_name, newest
from app.square.states import STUCK_S, exit_words

KINDS = tuple(kind.name for kind in SquareEvents.kinds)

SETTLE_S = 60.0
SILENT_S = 60.0
SILENT_TIMES = 3
"""In a row: who was not asked for a minute, as the hub was away, is not silent because one request fails."""
NEWEST = 3
GONE_S = 600.0
"""A status that was not confirmed for so long is over, as the grabber has it."""
MOST_STATUSES = 20_000
FOREVER = 1e18


class Span(NamedTuple):
    """What is asked for: since, until: Unix s UTC, both included; limit: of each kind."""

    system: str
    since: float
    until: float
    limit: int


def events(system: str, since: float, until: float, limit: int = 1000, kinds: Collection[str] = KINDS) -> list[Event]:
    """What happened from `since` to `until` (Unix s UTC), at most `limit`, the newest first.

    P5's clock dates what its jobs report; when it is ahead, that lies in the future.
    """
    span = Span(system, since, until, limit)
    found = [event for kind in KINDS if kind in kinds for source in SOURCES[kind] for event in source(span)]
    return sorted(found, key=lambda event: (-event.at, event.id))[:limit]


def is_silent(system: str, host: str) -> bool:
    """Whether a host does not answer now, or P5 reports it as down."""
    statuses = HostStatus.select().where(HostStatus.system == system, HostStatus.name == host)
    reported = statuses.order_by(HostStatus.id.desc()).first()
    failing = Host.select().where(Host.system == system, Host.name == host, Host.failures > 0).exists()
    return failing or bool(reported and not reported.up)


def _event(system: str, kind: str, run: int | None, key: str, at: float, title: str, text: str, once: object = None) -> Event:
    """An event; `once` tells it from others of its kind with the same run and key."""
    mark = hashlib.sha256(json.dumps([system, kind, run, key, once]).encode()).hexdigest()[:20]
    return Event(f"{kind}-{mark}", system, kind, run, key, at, one_line(title), one_line(text))


def _facts(run: Run) -> str:
    parts = (run.runkey, run.cmssw and f"CMSSW {run.cmssw}", run.data_run not in (None, run.run) and f"data of run {run.data_run}")
    return ", ".join(part for part in parts if part)


def _begun(span: Span) -> Iterator[Event]:
    chosen = Run.select().where(Run.system == span.system, Run.last >= span.since, Run.first.between(span.since, span.until))
    for run in chosen.order_by(Run.first.desc()).limit(span.limit):
        yield _event(span.system, "run-start", run.run, "", run.first, f"Run {run.run} began", _facts(run))


def _ended(span: Span) -> Iterator[Event]:
    last_run, now = newest(span.system), time.time()
    dead = (Run.running > 0) & Run.last.between(span.since - STUCK_S, min(span.until, now) - STUCK_S)
    done = (Run.running == 0) & Run.last.between(span.since, span.until)
    superseded = Run.run < (last_run or 0)
    over = (done & (superseded | (Run.last < now - SETTLE_S))) | (dead & superseded)
    window = Run.system == span.system, Run.last.between(span.since - STUCK_S, span.until), Run.jobs > 0
    for run in Run.select().where(*window, over).order_by(Run.last.desc()).limit(span.limit):
        counts = [(run.finished, "finished"), (run.crashed, "crashed"), (run.running, "never told their end")]
        text = ", ".join(f"{count} {word}" for count, word in counts if count)
        at = run.last + STUCK_S if run.running else run.last
        yield _event(span.system, "run-end", run.run, "", at, f"Run {run.run} ended", f"Jobs: {text}")


JOB = (Job.key, Job.run, Job.tag, Job.host, Job.exit_code, Job.lumi, Job.events, Job.reported)


def _of_run(run: int | None) -> str:
    return "" if run is None else f" in run {run}"


def _job_text(what: str, host: str, lumi: int | None, events: int | None) -> str:
    facts = (what, host and f"on {host}", "" if lumi is None else f"lumisection {lumi}", "" if events is None else f"{events} events")
    return ", ".join(fact for fact in facts if fact)


def _crashed(span: Span) -> Iterator[Event]:
    window = Job.system == span.system, Job.reported.between(span.since, span.until)
    chosen = Job.select(*JOB).where(*window, Job.exit_code != 0).order_by(Job.reported.desc()).limit(span.limit)
    for key, run, tag, host, code, lumi, seen, at in rows(chosen):
        title = f"{client_name(tag)} crashed{_of_run(run)}"
        yield _event(span.system, "crash", run, key, at, title, _job_text(f"Exit code {exit_words(code)}", host, lumi, seen))


def _stuck(span: Span) -> Iterator[Event]:
    at = Job.reported + STUCK_S
    later = Run.alias()
    newer: Any = later.select(later.first).where(later.system == Job.system, later.run > Job.run)
    window = Job.system == span.system, Job.reported.between(span.since - STUCK_S, min(span.until, time.time()) - STUCK_S)
    answers = (Host.system == Job.system) & (Host.name == Job.host)
    chosen = (
        Job.select(*JOB)
        .left_outer_join(Host, on=answers)
        .where(*window, Job.exit_code.is_null(), fn.COALESCE(Host.last_ok, FOREVER) >= at, fn.COALESCE(Host.behind, 0) == 0)
        .where(fn.COALESCE(newer.order_by(later.run).offset(NEWEST - 1).limit(1), FOREVER) > at)
    )
    for key, run, tag, host, _, lumi, seen, reported in rows(chosen.order_by(Job.reported.desc()).limit(span.limit)):
        title = f"{client_name(tag)} is stuck{_of_run(run)}"
        text = _job_text(f"No report for {STUCK_S / 60:.0f} minutes", host, lumi, seen)
        yield _event(span.system, "stuck", run, key, reported + STUCK_S, title, text, int(reported))


def _silent(span: Span) -> Iterator[Event]:
    window = (
        Host.system == span.system,
        Host.last_ok.between(span.since - SILENT_S, min(span.until, time.time()) - SILENT_S),
        Host.failures >= SILENT_TIMES,
    )
    chosen = Host.select(Host.name, Host.error, Host.last_ok).where(*window).order_by(Host.last_ok.desc()).limit(span.limit)
    for name, error, last_ok in rows(chosen):
        yield _event(
            span.system, "silent-host", None, name, last_ok + SILENT_S, f"{name} does not answer", error, ["asked", int(last_ok)]
        )  # fmt: skip


def _down(span: Span) -> Iterator[Event]:
    chosen = HostStatus.select().where(HostStatus.system == span.system, HostStatus.last >= span.since - GONE_S)
    found = list(chosen.order_by(HostStatus.last.desc()).limit(MOST_STATUSES))
    since = max(span.since, found[-1].last + GONE_S) if len(found) == MOST_STATUSES else span.since  # of those before nothing is known
    for name, same in groupby(sorted(found, key=lambda status: (status.name, status.id)), key=lambda status: str(status.name)):
        for first, message in _times_down(list(same)):
            if since <= first <= span.until:
                yield _event(span.system, "silent-host", None, name, first, f"{name} is down", f"P5 says: {message}", ["down", int(first)])


def _times_down(statuses: list[HostStatus]) -> Iterator[tuple[float, str]]:
    """When a machine went down, and what P5 said then, from its statuses in their order; its messages may change while it is."""
    groups: list[list[HostStatus]] = []
    for status in statuses:
        before = groups[-1][-1] if groups else None
        if before and not status.up and not before.up and status.first - before.last < GONE_S:
            groups[-1].append(status)
        else:
            groups.append([status])
    for first, *more in groups:
        if not first.up and (more or first.last > first.first):
            yield first.first, first.message


SOURCES: dict[str, tuple[Callable[[Span], Iterator[Event]], ...]] = {
    "run-start": (_begun,),
    "run-end": (_ended,),
    "crash": (_crashed,),
    "stuck": (_stuck,),
    "silent-host": (_silent, _down),
}
