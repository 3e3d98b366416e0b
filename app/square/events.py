"""Events of runs, jobs and hosts, derived from the tables each time: an event that becomes known late is still found.

| kind | event | at |
| --- | --- | --- |
| run-start | first report of a run | `Run.first` |
| run-end | no job of a run is running | last report; if a job never reported its end, the time at which it became stuck |
| crash | a job ended with an exit code other than 0, and not by a command | its last report |
| stuck | the newest job of a client is running and has not reported for STUCK_S | STUCK_S after its last report |
| silent-host | a polled host has not responded for SILENT_S and to SILENT_TIMES requests | SILENT_S after its last response |
| silent-host | a machine is down in two consecutive statuses of P5 | the first of them |

Doubtful runs (see app.square.plausibility) neither begin nor end, and their jobs do not become stuck; of hidden runs
there are no events at all.

When all jobs of a run have ended, clients may be about to restart: the run has ended once a newer one began, or after
SETTLE_S. A job is not stuck while its host does not respond or has documents still to be fetched, nor if its run was no
longer among the NEWEST runs by then. A host that responds again leaves no event (one that never responded has none
either: the status page shows it); a machine that was down does, because its statuses are stored.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from peewee import SQL, fn

from app.core.database import rows
from app.core.events import Event
from app.core.text import one_line
from app.square.clients import client_name
from app.square.event_kinds import KINDS
from app.square.models import HiddenRun, Host, HostStatus, Job, Run
from app.square.plausibility import is_hidden
from app.square.runs import find_run, is_listed, newest_run
from app.square.states import STUCK_S, exit_words

SETTLE_S = 60.0
SILENT_S = 60.0
SILENT_TIMES = 3
"""Consecutive failures needed before a host is silent: after an outage of the hub one failure is not enough."""

NEWEST = 3
"""Number of newest runs in which jobs can become stuck."""

GONE_S = 600.0
"""A status that was not confirmed for this long has ended; the poller stores the next one as a new row."""

MOST_STATUSES = 20_000
FOREVER = 1e18


class EventQuery(NamedTuple):
    """The events to find."""

    system: str
    since: float  # Unix s UTC, included
    until: float  # Unix s UTC, included
    limit: int  # of each kind


def events(system: str, since: float, until: float, limit: int = 1000, kinds: Collection[str] = KINDS) -> list[Event]:
    """Events from `since` to `until` (Unix s UTC), at most `limit`, newest first.

    P5's clock dates the reports of jobs; if it is ahead, events lie in the future.
    """
    query = EventQuery(system, since, until, limit)
    found = [event for kind in KINDS if kind in kinds for source in SOURCES[kind] for event in source(query)]
    return sorted(found, key=lambda event: (-event.at, event.id))[:limit]


def is_silent(system: str, host: str) -> bool:
    """Whether a host does not respond now, or P5 reports it as down."""
    statuses = HostStatus.select().where(HostStatus.system == system, HostStatus.name == host)
    reported = statuses.order_by(HostStatus.id.desc()).first()
    failing = Host.select().where(Host.system == system, Host.name == host, Host.failures > 0).exists()
    return failing or bool(reported and not reported.up)


def _event(system: str, kind: str, run: int | None, key: str, at: float, title: str, text: str, once: object = None) -> Event:
    """An event. `once` distinguishes it from others of its kind with the same run and key."""
    mark = hashlib.sha256(json.dumps([system, kind, run, key, once]).encode()).hexdigest()[:20]
    return Event(f"{kind}-{mark}", system, kind, run, key, at, one_line(title), one_line(text))


def _run_facts(run: Run) -> str:
    parts = (run.runkey, run.cmssw and f"CMSSW {run.cmssw}", run.data_run not in (None, run.run) and f"data of run {run.data_run}")
    return ", ".join(part for part in parts if part)


def _run_starts(query: EventQuery) -> Iterator[Event]:
    chosen = Run.select().where(is_listed(query.system), Run.last >= query.since, Run.first.between(query.since, query.until))
    for run in chosen.order_by(Run.first.desc()).limit(query.limit):
        yield _event(query.system, "run-start", run.run, "", run.first, f"Run {run.run} began", _run_facts(run))


def _run_ends(query: EventQuery) -> Iterator[Event]:
    newest, now = newest_run(query.system), time.time()
    last_run = None if newest is None else find_run(query.system, newest)
    dead = (Run.running > 0) & Run.last.between(query.since - STUCK_S, min(query.until, now) - STUCK_S)
    done = (Run.running == 0) & Run.last.between(query.since, query.until)
    superseded = Run.first < (last_run.first if last_run else 0.0)
    over = (done & (superseded | (Run.last < now - SETTLE_S))) | (dead & superseded)
    window = is_listed(query.system), Run.last.between(query.since - STUCK_S, query.until), Run.jobs > 0
    for run in Run.select().where(*window, over).order_by(Run.last.desc()).limit(query.limit):
        at = run.last + STUCK_S if run.running else run.last
        yield _event(query.system, "run-end", run.run, "", at, f"Run {run.run} ended", _client_counts(run))


def _client_counts(run: Run) -> str:
    """Clients by the end of their newest job, and earlier jobs that crashed."""
    counts = [(run.finished, "finished"), (run.crashed, "crashed"), (run.stopped, "stopped by command")]
    counts.append((run.running, f"never reported {'its' if run.running == 1 else 'their'} end"))
    text = "Clients: " + ", ".join(f"{count} {word}" for count, word in counts if count)
    return text + (f"; {run.failed} earlier attempt{'s' if run.failed > 1 else ''} failed" if run.failed else "")


JOB = (Job.key, Job.run, Job.tag, Job.host, Job.exit_code, Job.lumi, Job.events, Job.reported)


def _in_run(run: int | None) -> str:
    return "" if run is None else f" in run {run}"


def _job_text(what: str, host: str, lumi: int | None, events: int | None) -> str:
    facts = (what, host and f"on {host}", "" if lumi is None else f"lumisection {lumi}", "" if events is None else f"{events} events")
    return ", ".join(fact for fact in facts if fact)


def _crashes(query: EventQuery) -> Iterator[Event]:
    window = Job.system == query.system, Job.reported.between(query.since, query.until)
    is_hidden_run = fn.EXISTS(HiddenRun.select(SQL("1")).where(HiddenRun.system == Job.system, HiddenRun.run == Job.run))
    crashed = Job.exit_code != 0, Job.stopped_by.is_null(), ~is_hidden_run
    chosen = Job.select(*JOB).where(*window, *crashed).order_by(Job.reported.desc()).limit(query.limit)
    for key, run, tag, host, code, lumi, seen, at in rows(chosen):
        title = f"{client_name(tag)} crashed{_in_run(run)}"
        yield _event(query.system, "crash", run, key, at, title, _job_text(f"Exit code {exit_words(code)}", host, lumi, seen))


def _stuck_jobs(query: EventQuery) -> Iterator[Event]:
    at = Job.reported + STUCK_S
    later = Run.alias()
    newer: Any = later.select(later.first).where(later.system == Job.system, later.run > Job.run, later.doubt == "")
    unlisted = Run.select(SQL("1")).where(Run.system == Job.system, Run.run == Job.run, (Run.doubt != "") | is_hidden())
    window = Job.system == query.system, Job.reported.between(query.since - STUCK_S, min(query.until, time.time()) - STUCK_S)
    answers = (Host.system == Job.system) & (Host.name == Job.host)
    other = Job.alias()
    is_later = (other.started > Job.started) | ((other.started == Job.started) & (other.id > Job.id))
    same_client = (other.system == Job.system) & (other.run == Job.run) & (other.tag == Job.tag) & (other.host == Job.host)
    chosen = (
        Job.select(*JOB)
        .left_outer_join(Host, on=answers)
        .where(*window, Job.exit_code.is_null(), fn.COALESCE(Host.last_ok, FOREVER) >= at, fn.COALESCE(Host.behind, 0) == 0)
        .where(~fn.EXISTS(unlisted))
        .where(~fn.EXISTS(other.select(SQL("1")).where(same_client & is_later)))
        .where(fn.COALESCE(newer.order_by(later.run).offset(NEWEST - 1).limit(1), FOREVER) > at)
    )
    for key, run, tag, host, _, lumi, seen, reported in rows(chosen.order_by(Job.reported.desc()).limit(query.limit)):
        title = f"{client_name(tag)} is stuck{_in_run(run)}"
        text = _job_text(f"No report for {STUCK_S / 60:.0f} minutes", host, lumi, seen)
        yield _event(query.system, "stuck", run, key, reported + STUCK_S, title, text, int(reported))


def _silent_hosts(query: EventQuery) -> Iterator[Event]:
    window = (
        Host.system == query.system,
        Host.last_ok.between(query.since - SILENT_S, min(query.until, time.time()) - SILENT_S),
        Host.failures >= SILENT_TIMES,
    )
    chosen = Host.select(Host.name, Host.error, Host.last_ok).where(*window).order_by(Host.last_ok.desc()).limit(query.limit)
    for name, error, last_ok in rows(chosen):
        title, once = f"{name} does not respond", ["asked", int(last_ok)]
        yield _event(query.system, "silent-host", None, name, last_ok + SILENT_S, title, error, once)


def _down_machines(query: EventQuery) -> Iterator[Event]:
    chosen = HostStatus.select().where(HostStatus.system == query.system, HostStatus.last >= query.since - GONE_S)
    found = list(chosen.order_by(HostStatus.last.desc()).limit(MOST_STATUSES))
    since = max(query.since, found[-1].last + GONE_S) if len(found) == MOST_STATUSES else query.since  # earlier ones were not read
    for name, same in groupby(sorted(found, key=lambda status: (status.name, status.id)), key=lambda status: str(status.name)):
        for first, message in _down_times(list(same)):
            if since <= first <= query.until:
                yield _event(
                    query.system, "silent-host", None, name, first, f"{name} is down", f"P5 reports: {message}", ["down", int(first)]
                )


def _down_times(statuses: list[HostStatus]) -> Iterator[tuple[float, str]]:
    """When a machine went down, with the message of P5 at that time. The message can change while it is down."""
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


SOURCES: dict[str, tuple[Callable[[EventQuery], Iterator[Event]], ...]] = {
    "run-start": (_run_starts,),
    "run-end": (_run_ends,),
    "crash": (_crashes,),
    "stuck": (_stuck_jobs,),
    "silent-host": (_silent_hosts, _down_machines),
}
