"""Which services use the database now, so that it cannot be replaced."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from app.core.database import proxy
from app.core.heartbeat import SILENT_S, Service


def running_services(only_elsewhere: bool = False) -> list[str]:
    """The processes of services of the connected database that run, e.g. "web on host (process 7)".

    Processes of this machine are looked up, others count as running for SILENT_S after their last heartbeat.

    Args:
        only_elsewhere: Leave out those of this machine.
    """
    if "service" not in proxy.get_tables():
        return []
    here = socket.gethostname()
    columns = Service.name, Service.host, Service.process  # these alone: the database may be older than this version
    alive = Service.select(*columns).where(Service.seen > time.time() - SILENT_S).order_by(Service.name, Service.process)
    return [
        f"{row.name} on {row.host} (process {row.process})"
        for row in alive
        if row.host != here or (not only_elsewhere and Path(f"/proc/{row.process}").exists())
    ]
