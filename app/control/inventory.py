"""What is known of P5, by which the arguments of commands are checked: its machines, jobs, clients, runs and player."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from peewee import fn

from app.control import answers
from app.control.answers import Shown, Table
from app.control.models import ANSWERED, Command
from app.control.responses import parts_of
from app.core.database import rows
from app.core.settings import Settings
from app.square import runs
from app.square.details import unpacked
from app.square.documents import mapping, text
from app.square.models import Document, HostStatus, Job, Run
from app.square.settings import SquareSettings
from app.square.states import STUCK_S
from app.square.upstream import short

RUN_KEYS = ("cosmic_run", "pp_run", "hi_run")
"""The run keys that the player is known to take."""

NEWEST_RUNS = 100
"""Clients and run keys are known from so many runs."""
RECENT_S = 30 * 86400
"""A machine that P5 has not named for so long is known no more."""
PLAYBACK = "playback"


class Machine(NamedTuple):
    """A machine of P5. system: production, playback or lookarea; files: it holds the data, and runs no clients."""

    name: str
    system: str
    files: bool


class Player(NamedTuple):
    """The player of old runs, as its newest document tells: its machine and socket, the run and its state."""

    machine: str
    socket: str
    run: int | None
    state: str
    run_key: str


def is_bu(name: str) -> bool:
    return name.startswith(("bu", "dqmrubu", "dqmbu"))


def machines(settings: Settings) -> dict[str, Machine]:
    """The machines by name: those of the settings, those that P5 says are up or down, those that it listed when it was asked."""
    given = [(system, name) for system in ("production", PLAYBACK) for name in settings[f"square_{system}"]]
    given.append((PLAYBACK, settings.of(SquareSettings).square_gateway))
    seen = HostStatus.select(HostStatus.system, HostStatus.name).where(HostStatus.last > time.time() - RECENT_S).distinct()
    given += sorted(rows(seen))
    given += [(cluster.partition("_")[0], name) for cluster, name in listed("get_dqm_machines")]
    found: dict[str, Machine] = {}
    for system, name in given:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name):  # what is no name of a machine is none of P5's
            found.setdefault(short(name), Machine(short(name), system, is_bu(name)))
    return found


def newest_answer(name: str, **arguments: str) -> Command | None:
    """The newest good answer to a question that was asked with these arguments."""
    query = Command.select().where(Command.name == name, Command.state == ANSWERED, Command.answer.is_null(False))
    return next((row for row in query.order_by(Command.id.desc()).limit(50) if arguments.items() <= row.given.items()), None)


READERS = {"get_dqm_machines": answers.machines, "get_dqm_clients": answers.clients} | dict.fromkeys(
    ("get_simulator_runs", "get_production_runs"), answers.names
)


def listed(name: str, **arguments: str) -> list[tuple[str, ...]]:
    """The lines of the newest good answer to a question; none when it was never asked."""
    row = newest_answer(name, **arguments)
    shown: Shown = READERS[name](parts_of(row)[0].text) if row else Table((), [])
    return shown.lines if isinstance(shown, Table) else []


def running(system: str, host: str = "") -> list[Job]:
    """The jobs that have not ended, of one host or all: those of the newest run, and those that report."""
    free = (Job.run == (runs.newest(system) or 0)) | (Job.reported > time.time() - STUCK_S)
    query = Job.select().where(Job.system == system, Job.exit_code.is_null(), free)
    return list((query.where(Job.host.in_((host, f"{host}.cms"))) if host else query).order_by(Job.tag, Job.host, Job.started))


def recent_runs(system: str) -> list[int]:
    """The numbers of the newest runs, the newest first."""
    return [run for (run,) in rows(Run.select(Run.run).where(Run.system == system).order_by(Run.run.desc()).limit(NEWEST_RUNS))]


def configurations(system: str, host: str) -> list[str]:
    """The configurations of clients that a machine has, as it said, or that were run in its system."""
    said = {line[0] for line in listed("get_dqm_clients", host=host)}
    tags = rows(Job.select(Job.tag).where(Job.system == system, Job.run.in_(recent_runs(system)), Job.tag != "").distinct())
    return sorted(name for name in said | {f"{tag}_cfg.py" for (tag,) in tags} if re.fullmatch(r"[\w.-]+_cfg\.py", name))


def run_keys() -> list[str]:
    """The run keys that the player knows, and those of the newest runs."""
    newest = Run.select(Run.runkey).where(Run.run.in_(recent_runs("production") + recent_runs(PLAYBACK))).distinct()
    return [*RUN_KEYS, *sorted({key for (key,) in rows(newest) if re.fullmatch(r"[a-z0-9_]+_run", key)} - set(RUN_KEYS))]


def players(settings: Settings) -> list[str]:
    """The machines of playback that hold files: the player runs on the first."""
    return [machine.name for machine in machines(settings).values() if machine.system == PLAYBACK and machine.files]


def player() -> Player | None:
    """The player of old runs; None while none was heard of."""
    chosen = Document.system == PLAYBACK, Document.type == "dqm-playback"
    row: Document | None = Document.select().where(*chosen).order_by(Document.timestamp.desc()).first()
    said = mapping(unpacked(row.body)) if row else {}
    socket = text(said.get("socket_name"))
    if row is None or not re.fullmatch(r"\w+\.fff_simulator", socket):
        return None
    return Player(short(row.host), socket, row.run, text(said.get("state")), text(mapping(said.get("config")).get("run_key")))


def documents(system: str, run: int) -> dict[str, int]:
    """How many documents of a run each machine has, as far as was grabbed."""
    ours = Document.system == system, Document.run == run
    query = Document.select(Document.host, fn.COUNT(Document.id)).where(*ours).group_by(Document.host).order_by(Document.host)
    found: dict[str, int] = {}
    for host, number in rows(query):
        found[short(host)] = found.get(short(host), 0) + number
    return found


def document_keys(system: str, run: int, host: str) -> list[str]:
    names = (host, f"{host}.cms")
    ours = Document.system == system, Document.run == run, Document.host.in_(names)
    return [key for (key,) in rows(Document.select(Document.key).where(*ours).order_by(Document.key))]
