"""The run of DQM^2 in progress, for the home page."""

from __future__ import annotations

from typing import NamedTuple

from app.square import runs
from app.square.clients import ClientCounts, count_clients, group_clients
from app.square.models import Run
from app.square.settings import SquareSettings
from app.square.situation import Situation, situation
from app.square.systems import DEFAULT_SYSTEM
from app.web import request_settings


class CurrentRun(NamedTuple):
    """The newest run of the production system."""

    run: Run
    situation: Situation
    counts: ClientCounts
    age_s: float | None  # time since the last report of a job


def current_run() -> CurrentRun | None:
    """The newest run with its situation; None before the first one."""
    newest = runs.newest_run(DEFAULT_SYSTEM)
    run = None if newest is None else runs.find_run(DEFAULT_SYSTEM, newest)
    if run is None:
        return None
    clients = group_clients(DEFAULT_SYSTEM, runs.jobs(DEFAULT_SYSTEM, run.run))
    machines = request_settings().of(SquareSettings).square_machines.get(DEFAULT_SYSTEM, ())
    state = situation(run, clients, runs.hosts(DEFAULT_SYSTEM), True, machines)
    return CurrentRun(run, state, count_clients(clients), runs.age(run.last))
