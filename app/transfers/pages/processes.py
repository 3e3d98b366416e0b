"""Which processes of a run live: those of its clients, and those of the transfer on the filter units of a builder unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.transfers import kinds
from app.transfers.clients import ClientTransfers
from app.transfers.hosts import HostTransfers
from app.transfers.runs import RunHost


class ShownLife(NamedTuple):
    """The newest process of a client.

    Attributes:
        pid: Its number; 0: no process was seen.
        since: When it was seen first, Unix s by the clock of the hub.
        lives: None: not known, since its filter unit is silent or does not name the run.
        restarts: How often the client was started again.
    """

    pid: int
    since: float
    lives: bool | None
    restarts: int


class ActiveUnit(NamedTuple):
    """A filter unit on which a run goes on. problem: why nothing of its clients may arrive; "" for none."""

    host: str
    problem: str


def lives(run: int, clients: Iterable[ClientTransfers], processes: Iterable[HostTransfers]) -> dict[tuple[str, str], ShownLife]:
    """The processes of clients, by host and client."""
    running = _running(run, processes)
    return {(each.host, each.client): _life(each, running) for each in clients}


def _running(run: int, processes: Iterable[HostTransfers]) -> dict[str, set[int]]:
    """The client processes that run now, of filter units that report and name the run."""
    units = [each for each in processes if each.mode == kinds.FU and not each.is_silent]
    return {
        unit.host: {each["pid"] for each in found["clients"]}
        for unit in units
        for found in unit.state.get("runs", ())
        if found["run"] == run
    }


def _life(client: ClientTransfers, running: Mapping[str, set[int]]) -> ShownLife:
    if not client.processes:
        return ShownLife(0, 0.0, None, 0)
    alive = running.get(client.host, set())
    newest = next((each for each in client.processes if each.pid in alive), client.processes[0])
    restarts = max(len(client.processes) - 1, int(newest.is_restarted))
    return ShownLife(newest.pid, newest.first, newest.pid in alive if client.host in running else None, restarts)


def active_units(stages: Iterable[RunHost], processes: Sequence[HostTransfers]) -> dict[tuple[str, str], list[ActiveUnit]]:
    """The filter units for which each builder unit waits, by its host and mode; those with a problem first."""
    is_silent = {each.host: each.is_silent for each in processes if each.mode == kinds.FU}
    return {(stage.host, stage.mode): sorted(_units(stage, is_silent), key=lambda unit: not unit.problem) for stage in stages}


def _units(stage: RunHost, is_silent: Mapping[str, bool]) -> list[ActiveUnit]:
    problems = {None: "does not report", True: "silent", False: ""}
    return [ActiveUnit(host, problems[is_silent.get(host)]) for host in stage.waiting_for]
