"""The arguments of commands, their choices and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.control import inventory
from app.control.errors import InvalidCommand
from app.core.settings import Settings
from app.square.clients import client_name
from app.square.systems import SYSTEMS
from app.square.upstream import short_name
from app.web.arguments import LARGEST_RUN, parse_int

Args = Mapping[str, str]
"""Checked arguments by name."""

Choices = Callable[[Settings, Args], dict[str, str]]
"""The allowed values with their labels, by the settings and the arguments before this one."""

MAX_LUMIS = 10_000

CLUSTERS = (*SYSTEMS, "lookarea")
"""The clusters that the gateway knows."""

SIGNALS = {
    "15": "15 SIGTERM: request to end",
    "9": "9 SIGKILL: end at once",
    "2": "2 SIGINT: as Ctrl-C",
    "3": "3 SIGQUIT",
    "11": "11 SIGSEGV: as a memory fault, with a trace in its log",
    "12": "12 SIGUSR2: CMSSW ends after the current event",
}
"""The signals that DQM^2 sends, with their labels."""


@dataclass(frozen=True)
class Argument:
    """One argument of a command.

    Attributes:
        name: Name in addresses and at P5.
        label: Label in the form.
        choices: The allowed values; None for a whole number.
        maximum: The largest whole number; the smallest is 1.
        choices_from: Name of the query whose response lists the choices; "" if no query is needed.
        no_choices: Error message while there are no choices.
        optional: Whether it may be omitted.
        hint: Explanation of an omitted value.
    """

    name: str
    label: str
    choices: Choices | None = None
    maximum: int = 0
    choices_from: str = ""
    no_choices: str = ""
    optional: bool = False
    hint: str = ""

    def check(self, settings: Settings, args: Args, value: str) -> str:
        """The value as it is sent; "" for an omitted one. Raises ValueError with the expected values."""
        value = value.strip()
        if not value and self.optional:
            return ""
        return self._check_number(value) if self.choices is None else self._check_choice(self.choices(settings, args), value)

    def _check_number(self, value: str) -> str:
        number = parse_int(value, self.maximum)
        if not number:
            raise ValueError(
                "Expected a run number" if self.maximum == LARGEST_RUN else f"Expected a whole number from 1 to {self.maximum}"
            )
        return str(number)

    def _check_choice(self, allowed: dict[str, str], value: str) -> str:
        value = short_name(value) if self.name == "host" else value
        if value in allowed:
            return value
        if not allowed:
            raise ValueError(self.no_choices or "Nothing to choose from is known")
        raise ValueError(f"{value[:100]!r} is not known. " * bool(value) + _expected(list(allowed)))


def _expected(values: Sequence[str]) -> str:
    return "Expected one of " + ", ".join(values[:12]) + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def check_arguments(settings: Settings, arguments: Sequence[Argument], values: Mapping[str, str]) -> dict[str, str]:
    """The checked arguments of a command.

    Each is checked with those before it, because some choices depend on them. Raises InvalidCommand with all that are wrong.
    """
    args: dict[str, str] = {}
    names = {argument.name for argument in arguments}
    wrong = [(name, "This command has no such argument") for name in values if name not in names]
    for argument in arguments:
        try:
            if value := argument.check(settings, args, values.get(argument.name, "")):
                args[argument.name] = value
        except ValueError as error:
            wrong.append((argument.name, str(error)))
            args[argument.name] = ""
    if wrong:
        problems = "; ".join(f"{name}: {problem}" for name, problem in wrong)
        raise InvalidCommand(f"The command was not submitted. {problems}"[:1000], wrong)
    return args


def _machines(settings: Settings, _: Args) -> dict[str, str]:
    return {machine.name: f"{machine.name} ({machine.system})" for machine in inventory.machines(settings).values()}


def _fus(settings: Settings, _: Args) -> dict[str, str]:
    found = inventory.machines(settings).values()
    return {machine.name: f"{machine.name} ({machine.system})" for machine in found if not machine.is_bu}


def _clients(settings: Settings, args: Args) -> dict[str, str]:
    machine = inventory.machines(settings).get(args["host"])
    found = inventory.client_configurations(machine.system, machine.name) if machine else []
    return {name: client_name(name.removesuffix("_cfg.py")) for name in found}


def _jobs(settings: Settings, args: Args) -> dict[str, str]:
    """The running jobs on known machines: a document can name any host, and the hub must not connect to that."""
    jobs = inventory.running_jobs(args["system"]) if args["system"] else []
    known = inventory.machines(settings)
    found = [job for job in jobs if job.pid is not None and short_name(job.host) in known]
    return {job.key: f"{client_name(job.tag)} on {job.host}, process {job.pid}, run {job.run}" for job in found}


def _socket(settings: Settings, _: Args) -> dict[str, str]:
    player = inventory.latest_player()
    is_known = player is not None and player.machine in inventory.machines(settings)
    return {player.socket: f"{player.socket} on {player.machine}"} if player and is_known else {}


def _players(settings: Settings, _: Args) -> dict[str, str]:
    return _unlabelled(inventory.player_machines(settings))


def _run_keys(settings: Settings, _: Args) -> dict[str, str]:
    return _unlabelled(inventory.run_keys())


def _runs_of(query: str) -> Choices:
    return lambda settings, args: _unlabelled([line[0] for line in inventory.response_lines(query)])


def _fixed(values: dict[str, str]) -> Choices:
    return lambda settings, args: values


def _unlabelled(names: Sequence[str]) -> dict[str, str]:
    return dict(zip(names, names, strict=True))


AS_CONFIGURED = "Empty: as in the configuration of the player."

HOST = Argument("host", "Host", _machines)
FU = Argument("host", "Host", _fus)
PLAYER = Argument("host", "Host of the player", _players, optional=True, hint="Empty: the gateway.")
SYSTEM = Argument("system", "System", _fixed(_unlabelled(SYSTEMS)))
CLUSTER = Argument("cluster", "Cluster", _fixed(_unlabelled(CLUSTERS)))
CLUSTER_KIND = Argument("kind", "Cluster", _fixed(_unlabelled(CLUSTERS)), optional=True, hint="Empty: all clusters.")
CLIENT = Argument(
    "client",
    "Client",
    _clients,
    choices_from="get_dqm_clients",
    no_choices="The clients of this host are not known yet; query them first",
)
STATE = Argument("state", "State", _fixed({"1": "on", "0": "off"}))
RUN_KEY = Argument("run_key", "Run key", _run_keys, optional=True, hint=AS_CONFIGURED)
LUMIS = Argument("number_of_ls", "Lumisections", maximum=MAX_LUMIS, optional=True, hint=AS_CONFIGURED)
SOURCE = Argument(
    "run_number",
    "Run to play",
    _runs_of("get_simulator_runs"),
    choices_from="get_simulator_runs",
    no_choices="The runs of the player are not known yet; query them first",
)
PRODUCTION_RUN = Argument(
    "run_number",
    "Run to copy",
    _runs_of("get_production_runs"),
    choices_from="get_production_runs",
    no_choices="The production runs are not known yet; query them first",
)
COPIED_LUMIS = Argument("number_of_ls", "Lumisections", maximum=MAX_LUMIS, optional=True, hint="Empty: all.")
JOB = Argument("key", "Job", _jobs, no_choices="No job is running")
SIGNAL = Argument("signal", "Signal", _fixed(SIGNALS))
SOCKET = Argument("socket", "Socket of the player", _socket, no_choices="No report of the player yet")
RUN = Argument("run", "Run", maximum=LARGEST_RUN)
