"""Heartbeats: each process of a service writes every few seconds that it runs, and /status shows the services without one."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from typing import Any

from peewee import DoubleField, IntegerField, TextField

from app.core.clock import CLOCK
from app.core.common_state import common_state
from app.core.database import Table, end_thread, is_sqlite
from app.core.outages import Outage, log_error, outage_of
from app.core.settings import Settings
from app.core.version import VERSION

PERIOD_S = 5.0
SILENT_S = 20.0
"""A process is considered dead after this time without a heartbeat."""
KEEP_S = 86400.0
"""Rows of dead processes are deleted after this time."""


class Service(Table):
    """One process of a service. Times are Unix seconds, UTC."""

    name = TextField()  # web, live or worker
    host = TextField()
    process = IntegerField()  # process id
    version = TextField()  # of DQM Hub
    started = DoubleField()
    seen = DoubleField(index=True)  # last heartbeat
    common = TextField(default="{}")  # fingerprints of what all hosts must have in common, JSON

    class Meta:
        indexes = ((("name", "host", "process"), True),)


def is_alive(now: float | None = None) -> Any:
    """The SQL condition that a process runs: its heartbeat is younger than SILENT_S.

    One further in the future says nothing: the clock was ahead.
    """
    now = time.time() if now is None else now
    return Service.seen.between(now - SILENT_S, now + SILENT_S)


class Heartbeat:
    """The heartbeat of this process as part of a service."""

    def __init__(self, service: str, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self.started = time.time()
        self.last = 0.0
        self.common: dict[str, str] = {}  # read again until there is a key

    def write(self) -> None:
        """Store the heartbeat, unless the last one is younger than PERIOD_S. Cheap enough to be called often."""
        CLOCK.set_by_s()  # a process that checks rarely may miss that it was set and corrected
        now = time.time()
        if 0 <= now - self.last < PERIOD_S:
            return
        self.common = self.common or common_state(self.settings)
        process = {"name": self.service, "host": socket.gethostname(), "process": os.getpid()}
        values = {"version": VERSION, "started": self.started, "seen": now, "common": json.dumps(self.common)}
        insert = Service.insert(process | values)
        insert.on_conflict(conflict_target=[Service.name, Service.host, Service.process], update=values).execute()
        Service.delete().where(Service.seen < now - KEEP_S).execute()
        self.last = now

    def start(self) -> None:
        """Write heartbeats from a thread of their own for as long as this process lives."""
        threading.Thread(target=self._write_for_ever, name="heartbeat", daemon=True).start()

    def _write_for_ever(self) -> None:
        while True:
            _last_outage[:] = [self._try_to_write()]
            end_thread()
            time.sleep(PERIOD_S)

    def _try_to_write(self) -> Outage | None:
        """Write a heartbeat; the outage that prevents it. The thread must live as long as the process, so no error ends it."""
        try:
            self.write()
        except Exception as error:
            log_error("Heartbeats are not written", error)
            return outage_of(error)
        return None


_last_outage: list[Outage | None] = [None]


def broken_disk() -> str:
    """The error with which SQLite could not write the last heartbeat of this process, such as "disk I/O error"; "" if it could."""
    (outage,) = _last_outage
    return outage.reason if outage and outage.kind == "unreachable" and is_sqlite() else ""
