"""What outside should have by now, in pieces that are rendered in one go; the first are the most urgent.

The token of a piece names the facts that it is made from, mostly by their versions, so that a piece whose token is
that of the last time need not be looked at. What is not planned any more, as a log that was cleaned up or a run
beyond those that are kept, leaves.
"""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import blake2b
from typing import Any, NamedTuple

from peewee import fn

from app.core.counters import VersionCounter
from app.core.database import rows
from app.core.settings import Settings
from app.publish.settings import PublishSettings
from app.square.models import SYSTEMS, Graph, Host, HostStatus, Job, Log, Run
from app.square.runs import SILENT_S
from protocol.snapshot import MAX_INTEGER

TICK_S = 15.0
"""The mirrors hear of the hub at least so often."""

FEED_S = 60.0
"""Events that time alone brings, as that a machine is silent, are looked for so often."""

TALLY_S = 60.0
"""How much was dropped or replaced is told so often."""

BLOCK = 100
"""Run numbers of one piece of the timeline."""


class Place(NamedTuple):
    """Where a piece belongs; run 0 and name "" where there is none."""

    kind: str
    system: str
    run: int = 0
    name: str = ""


class Kept(NamedTuple):
    """A run that outside has; version: of its last change; before, after: its neighbours; logs: how many of them there are."""

    run: int
    version: int
    before: int | None
    after: int | None
    logs: int


Plan = dict[Place, str]
"""Token by piece."""


def state(now: float) -> tuple[Any, ...]:
    """What a look at everything starts from: while it is the same there is nothing new, but for what is due by time."""
    feeds = rows(VersionCounter.select(VersionCounter.name, VersionCounter.version).order_by(VersionCounter.name))
    statuses = rows(HostStatus.select(HostStatus.system, fn.MAX(HostStatus.last)).group_by(HostStatus.system).order_by(HostStatus.system))
    return (*feeds, *statuses, int(now // TICK_S))


def plan(settings: Settings, now: float) -> Plan:
    """All pieces of now."""
    feeds = dict(rows(VersionCounter.select(VersionCounter.name, VersionCounter.version)))
    systems = [_system(system, feeds.get(system, 0), settings, now) for system in SYSTEMS]
    pieces: Plan = {Place("help", "all"): "", Place("redactions", "all"): str(int(now // TALLY_S))}  # small, and no news keeps them waiting
    for part in (*(urgent for urgent, _ in systems), *(rest for _, rest in systems)):
        pieces |= part
    return pieces


def _system(system: str, version: int, settings: Settings, now: float) -> tuple[Plan, Plan]:
    """The newest run with its machines and what is of no run; and all runs, the newest first."""
    numbers = rows(
        Run.select(Run.run, Run.version)
        .where(Run.system == system, Run.run.between(1, MAX_INTEGER - 1))
        .order_by(Run.run.desc())
        .limit(settings.of(PublishSettings).publish_keep_runs)
    )
    files = _files(system, [run for run, _ in numbers])
    logs = _logs(system, [run for run, _ in numbers[: settings.of(PublishSettings).publish_log_runs]])
    runs = _with_neighbours(numbers, logs)
    statuses = rows(HostStatus.select(fn.COUNT(HostStatus.id), fn.MAX(HostStatus.last)).where(HostStatus.system == system))
    newest = runs[0] if runs else None
    shown = newest and (newest, files.get(newest.run))
    urgent: Plan = {Place("files", system, run): token for run, token in files.items() if newest and run == newest.run}
    urgent |= {Place("live", system): repr((shown, statuses, silent_since(system, now)))}
    urgent |= {Place("cluster", system): repr(statuses), Place("index", system): _hash([run.run for run in runs])}
    urgent |= {Place("events", system): f"{version} {int(now // FEED_S)}"}
    urgent |= logs[newest.run] if newest else {}
    return urgent, _pieces(system, runs, files, logs)


def _with_neighbours(numbers: list[tuple[int, int]], logs: dict[int, Plan]) -> list[Kept]:
    """Runs with their versions, the newest first, as Kept."""
    befores, afters = [*(run for run, _ in numbers[1:]), None], [None, *(run for run, _ in numbers)]
    return [
        Kept(run, version, before, after, len(logs[run])) for (run, version), before, after in zip(numbers, befores, afters, strict=False)
    ]


def _pieces(system: str, runs: list[Kept], files: dict[int, str], logs: dict[int, Plan]) -> Plan:
    blocks: dict[int, list[Kept]] = defaultdict(list)
    pieces: Plan = {}
    for run in runs:
        if run.run in files:
            pieces[Place("files", system, run.run)] = files[run.run]
        pieces[Place("run", system, run.run)] = repr((run, files.get(run.run)))
        pieces |= logs[run.run]
        blocks[run.run // BLOCK * BLOCK].append(run)
    for first, block in blocks.items():
        pieces[Place("timeline", system, first)] = repr((len(block), max(run.version for run in block)))
    return pieces


def silent_since(system: str, now: float) -> float | None:
    """Since when P5 has not answered at all; None while it does, or was never asked. Unix s UTC."""
    ((last,),) = rows(Host.select(fn.MAX(Host.last_ok)).where(Host.system == system))
    return last if last is not None and now - last >= SILENT_S else None


def _files(system: str, numbers: list[int]) -> dict[int, str]:
    """The token of the files of each run that has any."""
    if not numbers:
        return {}
    of = Graph.system == system, Graph.run.between(numbers[-1], numbers[0])
    query = Graph.select(Graph.run, fn.COUNT(Graph.id), fn.MAX(Graph.version)).where(*of).group_by(Graph.run)
    wanted = set(numbers)
    return {run: f"{count} {version}" for run, count, version in rows(query) if run in wanted}


def _logs(system: str, numbers: list[int]) -> dict[int, Plan]:
    """The logs of the jobs of each run."""
    found: dict[int, Plan] = defaultdict(dict)
    if numbers:
        joined = Job.select(Job.run, Job.key, Log.version, Job.exit_code).join(Log, on=(Log.system == Job.system) & (Log.key == Job.key))
        query = joined.where(Job.system == system, Job.run.between(numbers[-1], numbers[0]))
        for run, key, version, code in rows(query):
            found[run][Place("log", system, run, key)] = f"{version} {code}"
    return found


def _hash(value: Any) -> str:
    return blake2b(json.dumps(value).encode(), digest_size=16).hexdigest()
