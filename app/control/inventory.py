"""The machines, jobs, clients, runs and the player at P5 that the hub knows: the choices of the arguments of commands."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from peewee import fn

from app.control import readers
from app.control.models import ANSWERED, SubmittedCommand
from app.control.readers import Reader, ResponseTable
from app.control.responses import load_responses
from app.core.database import rows
from app.core.settings import Settings
from app.square import runs
from app.square.documents import PLAYBACK as PLAYER_DOCUMENT
from app.square.models import Document, HostStatus, Job, Run
from app.square.settings import SquareSettings
from app.square.states import STUCK_S
from app.square.systems import PLAYBACK, SYSTEMS
from app.square.upstream import short_name
from app.square.values import mapping, text, unpack_json

RUN_KEYS = ("cosmic_run", "pp_run", "hi_run")
"""Run keys that every player accepts."""

RECENT_RUNS = 100
"""Number of newest runs from which clients and run keys are known."""

RECENT_S = 30 * 86400
"""A machine that P5 did not report for so long is no longer listed."""

MAX_RESPONSES = 50
"""Newest responses to a query that are searched for one with the same arguments."""


class P5Machine(NamedTuple):
    """A machine at P5."""

    name: str  # without domain
    system: str  # a system, or lookarea
    is_bu: bool  # it holds the files of the data and runs no clients


class PlaybackPlayer(NamedTuple):
    """The playback player by its newest document."""

    machine: str
    socket: str
    run: int | None
    state: str
    run_key: str


def is_bu(name: str) -> bool:
    """Whether a machine with this name is a builder unit."""
    return name.startswith(("bu", "dqmrubu", "dqmbu"))


def machines(settings: Settings) -> dict[str, P5Machine]:
    """The machines by name: those of the settings, those with a recent status, and those of the newest list of machines from P5."""
    pairs = [(system, name) for system in SYSTEMS for name in settings.of(SquareSettings).machines_of(system)]
    pairs.append((PLAYBACK, settings.of(SquareSettings).square_gateway))
    recent = HostStatus.select(HostStatus.system, HostStatus.name).where(HostStatus.last > time.time() - RECENT_S).distinct()
    pairs += sorted(rows(recent))
    pairs += [(cluster.partition("_")[0], name) for cluster, name in response_lines("get_dqm_machines")]
    found: dict[str, P5Machine] = {}
    for system, name in pairs:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name):  # a response can list anything
            found.setdefault(short_name(name), P5Machine(short_name(name), system, is_bu(name)))
    return found


def latest_response(name: str, **args: str) -> SubmittedCommand | None:
    """The newest good response to a query with these arguments."""
    query = SubmittedCommand.select().where(
        SubmittedCommand.name == name, SubmittedCommand.state == ANSWERED, SubmittedCommand.answer.is_null(False)
    )
    return next((row for row in query.order_by(SubmittedCommand.id.desc()).limit(MAX_RESPONSES) if args.items() <= row.args.items()), None)


READERS: dict[str, Reader] = {
    "get_dqm_machines": readers.read_machines,
    "get_dqm_clients": readers.read_clients,
    "get_simulator_runs": readers.read_runs,
    "get_production_runs": readers.read_runs,
}


def response_lines(name: str, **args: str) -> list[tuple[str, ...]]:
    """The lines of the newest good response to a query; empty before the first."""
    row = latest_response(name, **args)
    table = READERS[name](load_responses(row)[0].text) if row else None
    return table.lines if isinstance(table, ResponseTable) else []


def running_jobs(system: str, host: str = "") -> list[Job]:
    """The jobs that have not ended, of one host or all: those of the newest run, and those of older runs that still report."""
    is_current = (Job.run == (runs.newest_run(system) or 0)) | (Job.reported > time.time() - STUCK_S)
    query = Job.select().where(Job.system == system, Job.exit_code.is_null(), is_current)
    if host:
        query = query.where(Job.host.in_((host, f"{host}.cms")))
    return list(query.order_by(Job.tag, Job.host, Job.started))


def recent_runs(system: str) -> list[int]:
    """The numbers of the newest runs, newest first."""
    return [run for (run,) in rows(Run.select(Run.run).where(runs.is_listed(system)).order_by(Run.first.desc()).limit(RECENT_RUNS))]


def client_configurations(system: str, host: str) -> list[str]:
    """The configurations of clients that a machine listed, and those that ran in its system."""
    listed = {line[0] for line in response_lines("get_dqm_clients", host=host)}
    tags = rows(Job.select(Job.tag).where(Job.system == system, Job.run.in_(recent_runs(system)), Job.tag != "").distinct())
    return sorted(name for name in listed | {f"{tag}_cfg.py" for (tag,) in tags} if re.fullmatch(readers.CONFIGURATION, name))


def run_keys() -> list[str]:
    """The run keys that every player accepts, and those of recent runs."""
    numbers = [run for system in SYSTEMS for run in recent_runs(system)]
    recent = Run.select(Run.runkey).where(Run.run.in_(numbers)).distinct()
    return [*RUN_KEYS, *sorted({key for (key,) in rows(recent) if re.fullmatch(r"[a-z0-9_]+_run", key)} - set(RUN_KEYS))]


def player_machines(settings: Settings) -> list[str]:
    """The builder units of playback; the player runs on the first."""
    return [machine.name for machine in machines(settings).values() if machine.system == PLAYBACK and machine.is_bu]


def latest_player() -> PlaybackPlayer | None:
    """The playback player; None without a document of it."""
    query = Document.select().where(Document.system == PLAYBACK, Document.type == PLAYER_DOCUMENT)
    row: Document | None = query.order_by(Document.timestamp.desc()).first()
    document = mapping(unpack_json(row.body)) if row else {}
    socket = text(document.get("socket_name"))
    if row is None or not re.fullmatch(r"\w+\.fff_simulator", socket):
        return None
    run_key = text(mapping(document.get("config")).get("run_key"))
    return PlaybackPlayer(short_name(row.host), socket, row.run, text(document.get("state")), run_key)


def count_documents(system: str, run: int) -> dict[str, int]:
    """The number of stored documents of a run by machine."""
    query = Document.select(Document.host, fn.COUNT(Document.id)).where(Document.system == system, Document.run == run)
    counts: dict[str, int] = {}
    for host, count in rows(query.group_by(Document.host).order_by(Document.host)):
        counts[short_name(host)] = counts.get(short_name(host), 0) + count
    return counts


def document_keys(system: str, run: int, host: str) -> list[str]:
    """The keys of the stored documents of a run on a machine."""
    chosen = Document.system == system, Document.run == run, Document.host.in_((host, f"{host}.cms"))
    return [key for (key,) in rows(Document.select(Document.key).where(*chosen).order_by(Document.key))]
