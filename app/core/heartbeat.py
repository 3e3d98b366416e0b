"""Signs of life: each process of a service writes every few seconds that it is there, so that /status can tell who is not."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time

from peewee import DoubleField, IntegerField, PeeweeException, TextField

from app.core.database import Table, end_thread
from app.core.version import VERSION

log = logging.getLogger(__name__)

PERIOD_S = 5.0
SILENT_S = 20.0
"""A process that was not heard of for so long is taken for dead."""
FORGOTTEN_S = 86400.0


class Service(Table):
    """One process of a service. started, seen: Unix s UTC."""

    name = TextField()
    host = TextField()
    process = IntegerField()
    version = TextField()
    started = DoubleField()
    seen = DoubleField(index=True)

    class Meta:
        indexes = ((("name", "host", "process"), True),)


class Pulse:
    """The sign of life of this process as part of a service; `beat` may be called often."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = time.time()
        self.last = 0.0

    def beat(self) -> None:
        """Write that this process is there, unless that was done a moment ago."""
        now = time.time()
        if 0 <= now - self.last < PERIOD_S:
            return
        me = {"name": self.name, "host": socket.gethostname(), "process": os.getpid()}
        facts = {"version": VERSION, "started": self.started, "seen": now}
        insert = Service.insert(me | facts)
        insert.on_conflict(conflict_target=[Service.name, Service.host, Service.process], update=facts).execute()
        Service.delete().where(Service.seen < now - FORGOTTEN_S).execute()
        self.last = now

    def start(self) -> None:
        """Beat from a thread of its own for as long as this process lives."""
        threading.Thread(target=self._go_on, name="pulse", daemon=True).start()

    def _go_on(self) -> None:
        while True:
            try:
                self.beat()
            except PeeweeException:
                log.exception("no sign of life could be written")
            end_thread()
            time.sleep(PERIOD_S)
