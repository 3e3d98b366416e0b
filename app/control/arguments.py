"""The arguments of commands: what may be given, and what is wrong with what was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.control import inventory
from app.core.settings import Settings
from app.square.models import SYSTEMS
from app.square.runs import client_name
from app.square.upstream import short
from app.web import Problem
from app.web.arguments import LARGEST_RUN

Given = Mapping[str, str]
"""Arguments that were checked, by name."""

MOST_LUMIS = 10_000

SIGNALS = {
    "15": "15 SIGTERM: asks it to end", "9": "9 SIGKILL: ends it at once", "2": "2 SIGINT: as Ctrl-C", "3": "3 SIGQUIT",
    "11": "11 SIGSEGV: as a memory fault, with a trace in its log", "12": "12 SIGUSR2: has CMSSW end after this event",
}  # fmt: skip
"""The signals that DQM^2 sends."""


@dataclass(frozen=True)
class Argument:
    """One argument. choices: what may be given, with words for people, by the settings and the arguments before it, or
    None for a whole number from 1 to `most`; asks: the question whose answer brings the choices, and missing: what is
    said while there are none; optional: it may be left out, which `hint` explains."""

    name: str
    label: str
    choices: Callable[[Settings, Given], dict[str, str]] | None = None
    most: int = 0
    asks: str = ""
    missing: str = ""
    optional: bool = False
    hint: str = ""

    def check(self, settings: Settings, given: Given, value: str) -> str:
        """The value as it is sent, "" for none; ValueError says what is expected."""
        value = value.strip()
        if not value and self.optional:
            return ""
        if self.choices is None:
            if not (value.isascii() and value.isdecimal() and len(value) < 20 and 1 <= int(value) <= self.most):
                raise ValueError(
                    f"a whole number from 1 to {self.most} is expected" if self.most < LARGEST_RUN else "a run number is expected"
                )
            return str(int(value))
        value = value.removesuffix(".cms") if self.name == "host" else value
        allowed = self.choices(settings, given)
        if value in allowed:
            return value
        if not allowed:
            raise ValueError(self.missing or "nothing is known that could be chosen")
        raise ValueError(f"{value[:100]!r} is not known; " * bool(value) + _one_of(list(allowed)))


def _one_of(values: Sequence[str]) -> str:
    return "one of " + ", ".join(values[:12]) + (f" and {len(values) - 12} more" if len(values) > 12 else "") + " is expected"


def check(settings: Settings, arguments: Sequence[Argument], values: Mapping[str, str]) -> dict[str, str]:
    """The arguments that were given, checked one after the other; Problem 400 names those that cannot be used."""
    given: dict[str, str] = {}
    wrong = [(name, "this command has no such argument") for name in values if name not in {argument.name for argument in arguments}]
    for argument in arguments:
        try:
            if value := argument.check(settings, given, values.get(argument.name, "")):
                given[argument.name] = value
        except ValueError as error:
            wrong.append((argument.name, str(error)))
            given[argument.name] = ""
    if wrong:
        raise Problem(400, "the command was not given: " + "; ".join(f"{name}: {why}" for name, why in wrong)[:1000], wrong)
    return given


def _machines(settings: Settings, _: Given) -> dict[str, str]:
    return {machine.name: f"{machine.name} ({machine.system})" for machine in inventory.machines(settings).values()}


def _fus(settings: Settings, _: Given) -> dict[str, str]:
    return {machine.name: f"{machine.name} ({machine.system})" for machine in inventory.machines(settings).values() if not machine.files}


def _clients(settings: Settings, given: Given) -> dict[str, str]:
    machine = inventory.machines(settings).get(given["host"])
    found = inventory.configurations(machine.system, machine.name) if machine else []
    return {name: client_name(name.removesuffix("_cfg.py")) for name in found}


def _jobs(settings: Settings, given: Given) -> dict[str, str]:
    """The jobs on known machines: a document that names another one would have us speak to that."""
    jobs, ours = inventory.running(given["system"]) if given["system"] else [], inventory.machines(settings)
    found = [job for job in jobs if job.pid is not None and short(job.host) in ours]
    return {job.key: f"{client_name(job.tag)} on {job.host}, process {job.pid}, run {job.run}" for job in found}


def _socket(settings: Settings, _: Given) -> dict[str, str]:
    found = inventory.player()
    return {found.socket: f"{found.socket} on {found.machine}"} if found and found.machine in inventory.machines(settings) else {}


def _same(names: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, names, strict=True))


def _runs(question: str) -> Callable[[Settings, Given], dict[str, str]]:
    return lambda settings, given: _same([line[0] for line in inventory.listed(question)])


HOST = Argument("host", "Machine", _machines)
FU = Argument("host", "Machine", _fus)
PLAYER = Argument(
    "host", "Machine of the player", lambda settings, _: _same(inventory.players(settings)), optional=True, hint="Empty: the gateway."
)
SYSTEM = Argument("system", "System", lambda settings, _: _same(SYSTEMS))
CLUSTER = Argument("cluster", "Cluster", lambda settings, _: _same((*SYSTEMS, "lookarea")))
KIND = Argument(
    "kind", "Cluster", lambda settings, _: _same((*SYSTEMS, "lookarea")), optional=True, hint="Empty: all clusters."
)  # fmt: skip
CLIENT = Argument(
    "client", "Client", _clients, asks="get_dqm_clients", missing="no client of this machine is known: ask it for its clients first"
)
STATE = Argument("state", "State", lambda settings, _: {"1": "on", "0": "off"})
RUN_KEY = Argument(
    "run_key", "Run key", lambda settings, _: _same(inventory.run_keys()), optional=True, hint="Empty: as in the configuration of the player."
)  # fmt: skip
LUMIS = Argument("number_of_ls", "Lumisections", most=MOST_LUMIS, optional=True, hint="Empty: as in the configuration of the player.")
SOURCE = Argument(
    "run_number", "Run to play", _runs("get_simulator_runs"), asks="get_simulator_runs", missing="it is not known which runs there are: ask the player for its runs first"
)  # fmt: skip
PRODUCTION_RUN = Argument(
    "run_number", "Run to copy", _runs("get_production_runs"), asks="get_production_runs", missing="it is not known which runs there are: ask P5 for its production runs first"
)  # fmt: skip
COPIED_LUMIS = Argument("number_of_ls", "Lumisections", most=MOST_LUMIS, optional=True, hint="Empty: all.")
JOB = Argument("key", "Job", _jobs, missing="no job is running")
SIGNAL = Argument("signal", "Signal", lambda settings, _: SIGNALS)
SOCKET = Argument("socket", "Socket of the player", _socket, missing="nothing was heard of the player yet")
RUN = Argument("run", "Run", most=LARGEST_RUN)
