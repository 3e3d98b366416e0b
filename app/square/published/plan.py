"""The pieces of DQM^2 that should be published: the newest run of each system with its hosts first, then the other runs."""

from __future__ import annotations

import json
from collections import defaultdict
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from peewee import fn

from app.core.counters import VersionCounter
from app.core.database import rows
from app.core.settings import Settings
from app.publish.pieces import AreaPlan, PieceKey, Tokens
from app.publish.settings import PublishSettings
from app.square.models import Graph, Host, HostStatus, Job, Log, Run
from app.square.runs import is_listed
from app.square.settings import SquareSettings
from app.square.situation import unreachable_since
from app.square.systems import SYSTEMS
from protocol.snapshot import MAX_INTEGER

EVENTS_S = 60.0
"""Interval at which events are rendered without new data, because a host may have become silent."""

BLOCK = 100
"""Run numbers of one piece of the timeline."""


class PlannedRun(NamedTuple):
    """A run that is published."""

    run: int
    version: int  # of its last change
    before: int | None  # the previous published run
    after: int | None  # the next published run
    logs: int  # number of its published logs


def state() -> tuple[Any, ...]:
    """Versions of all tables that the plan depends on."""
    chosen = VersionCounter.select(VersionCounter.name, VersionCounter.version).where(VersionCounter.name.in_(SYSTEMS))
    counters = rows(chosen.order_by(VersionCounter.name))
    statuses = rows(HostStatus.select(HostStatus.system, fn.MAX(HostStatus.last)).group_by(HostStatus.system).order_by(HostStatus.system))
    return (*counters, *statuses)


def hosts(settings: Settings) -> set[str]:
    """All hosts in the settings, which may occur in errors, and all hosts reported by P5."""
    reported = {name for table in (Host, HostStatus) for (name,) in rows(table.select(table.name).distinct())}
    ours = settings.of(SquareSettings)
    named = {ours.square_gateway, *ours.square_production, *ours.square_playback}
    urls = ours.square_url, *(item.partition("=")[2] for item in ours.square_addresses)
    return reported | named | {urlsplit(url).hostname or "" for url in urls} - {"localhost"}


def plan(settings: Settings, now: float) -> AreaPlan:
    """The pieces of all systems."""
    versions = dict(rows(VersionCounter.select(VersionCounter.name, VersionCounter.version)))
    planned = AreaPlan({PieceKey("help", "all"): ""}, {})
    for system in SYSTEMS:
        urgent, rest = _system(system, versions.get(system, 0), settings, now)
        planned.urgent.update(urgent)
        planned.rest.update(rest)
    return planned


def _system(system: str, version: int, settings: Settings, now: float) -> AreaPlan:
    """The newest run and pieces without a run are urgent."""
    ours = settings.of(PublishSettings)
    chosen = Run.select(Run.run, Run.version).where(is_listed(system), Run.run.between(1, MAX_INTEGER - 1))
    numbers = rows(chosen.order_by(Run.first.desc(), Run.run.desc()).limit(ours.publish_keep_runs))
    files = _files(system, [run for run, _ in numbers])
    logs = _logs(system, [run for run, _ in numbers[: ours.publish_log_runs]])
    runs = _with_neighbours(numbers, logs)
    statuses = rows(HostStatus.select(fn.COUNT(HostStatus.id), fn.MAX(HostStatus.last)).where(HostStatus.system == system))
    newest = runs[0] if runs else None
    facts = newest and (newest, files.get(newest.run))
    urgent: Tokens = {PieceKey("files", system, newest.run): files[newest.run]} if newest and newest.run in files else {}
    urgent |= {PieceKey("live", system): repr((facts, statuses, unreachable_since(system, now)))}
    urgent |= {PieceKey("cluster", system): repr(statuses), PieceKey("index", system): _hash([run.run for run in runs])}
    urgent |= {PieceKey("events", system): f"{version} {int(now // EVENTS_S)}"}
    urgent |= logs[newest.run] if newest else {}
    return AreaPlan(urgent, _pieces(system, runs, files, logs))


def _with_neighbours(numbers: list[tuple[int, int]], logs: dict[int, Tokens]) -> list[PlannedRun]:
    """Runs with their versions as PlannedRun, in the same order; the neighbours of a run are those by number."""
    ordered = sorted(run for run, _ in numbers)
    before = {later: earlier for earlier, later in pairwise(ordered)}
    after = dict(pairwise(ordered))
    return [PlannedRun(run, version, before.get(run), after.get(run), len(logs[run])) for run, version in numbers]


def _pieces(system: str, runs: list[PlannedRun], files: dict[int, str], logs: dict[int, Tokens]) -> Tokens:
    """The pieces of all runs, newest first, and the blocks of the timeline."""
    blocks: dict[int, list[PlannedRun]] = defaultdict(list)
    pieces: Tokens = {}
    for run in runs:
        if run.run in files:
            pieces[PieceKey("files", system, run.run)] = files[run.run]
        pieces[PieceKey("run", system, run.run)] = repr((run, files.get(run.run)))
        pieces |= logs[run.run]
        blocks[run.run // BLOCK * BLOCK].append(run)
    for first, block in blocks.items():
        pieces[PieceKey("timeline", system, first)] = repr((len(block), max(run.version for run in block)))
    return pieces


def _files(system: str, numbers: list[int]) -> dict[int, str]:
    """The token of the files of each run that has any."""
    if not numbers:
        return {}
    chosen = Graph.system == system, Graph.run.between(min(numbers), max(numbers))
    query = Graph.select(Graph.run, fn.COUNT(Graph.id), fn.MAX(Graph.version)).where(*chosen).group_by(Graph.run)
    published = set(numbers)
    return {run: f"{count} {version}" for run, count, version in rows(query) if run in published}


def _logs(system: str, numbers: list[int]) -> dict[int, Tokens]:
    """The logs of the jobs of each run."""
    found: dict[int, Tokens] = defaultdict(dict)
    if numbers:
        joined = Job.select(Job.run, Job.key, Log.version, Job.exit_code).join(Log, on=(Log.system == Job.system) & (Log.key == Job.key))
        published = set(numbers)
        query = joined.where(Job.system == system, Job.run.between(min(numbers), max(numbers)))
        for run, key, version, code in (row for row in rows(query) if row[0] in published):
            found[run][PieceKey("log", system, run, key)] = f"{version} {code}"
    return found


def _hash(value: Any) -> str:
    return blake2b(json.dumps(value).encode(), digest_size=16).hexdigest()
