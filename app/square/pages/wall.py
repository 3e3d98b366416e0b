"""The clients of the newest run of DQM^2 on a wall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.square import runs
from app.square.clients import count_clients, group_clients
from app.square.settings import SquareSettings
from app.square.situation import situation
from app.square.states import CLIENT_BADGES
from app.web import request_settings


def context(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Values of the template square/wall_clients.html."""
    system = str(options["system"])
    number = runs.newest_run(system)
    run = None if number is None else runs.find_run(system, number)
    clients = group_clients(system, runs.jobs(system, run.run)) if run else []
    machines = request_settings().of(SquareSettings).square_machines.get(system, ())
    return {
        "run": run,
        "clients": clients,
        "counts": count_clients(clients),
        "badges": CLIENT_BADGES,
        "situation": situation(run, clients, runs.hosts(system), True, machines),
        "old_s": options["old_s"],
    }
