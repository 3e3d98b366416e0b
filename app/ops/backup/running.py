"""Which services use the database now, so that it cannot be replaced."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from app.core.database import proxy, rows
from app.core.heartbeat import PERIOD_S, SILENT_S, Service, is_alive

Process = tuple[str, str, int]
"""Service, host and process id."""
CHANGE_S = 2 * PERIOD_S
"""So long a process of a host whose clock is ahead is waited for, whose heartbeat is in the future all the time."""


def running_services(here: bool = True, elsewhere: bool = True) -> list[str]:
    """The processes of services of the connected database that run, e.g. "web on host (process 7)".

    Processes of this machine are looked up, others count as running for SILENT_S after their last heartbeat, or if it is in the future
    and changes.

    Args:
        here: With those of this machine.
        elsewhere: With those of other machines.
    """
    if "service" not in proxy.get_tables():
        return []
    own = socket.gethostname()
    columns = Service.name, Service.host, Service.process  # these alone: the database may be older than this version
    alive: list[Process] = rows(Service.select(*columns).where(is_alive()))
    return [
        f"{name} on {host} (process {process})"
        for name, host, process in sorted({*alive, *(_alive_ahead(own) if elsewhere else ())})
        if (here and Path(f"/proc/{process}").exists() if host == own else elsewhere)
    ]


def _alive_ahead(here: str) -> list[Process]:
    """Processes of other hosts whose heartbeats are in the future and change: of a host that is gone they do not."""
    before = _ahead(here)
    if not before:
        return []
    time.sleep(CHANGE_S)
    return [process for process, seen in _ahead(here).items() if seen != before.get(process)]


def _ahead(here: str) -> dict[Process, float]:
    query = Service.select(Service.name, Service.host, Service.process, Service.seen)
    found = rows(query.where(Service.host != here, Service.seen > time.time() + SILENT_S))
    return {(name, host, process): seen for name, host, process, seen in found}
