"""Faults that are injected into a running site from outside; each ends with its context."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from typing import NamedTuple

from tests.chaos.site import SERVICES, Site
from tests.support.patience import PATIENCE_S
from tests.support.processes import of_session, stopped, until
from tests.support.small_disk import fill_hub

CLIENTS = 100
"""Number of slow clients of each kind."""
PAUSE_S = 0.5


class Fault(NamedTuple):
    """A fault, and how users see it."""

    name: str
    inject: Callable[[Site], AbstractContextManager[None]]
    on_status: str = ""  # a text of the status page meanwhile, or of the response instead of it
    refuses: bool = False  # no request that may change something succeeds
    kills: bool = False  # processes end


@contextmanager
def full_disk(site: Site) -> Iterator[None]:
    """The disk of the data folder has no free byte."""
    filling = fill_hub(site.settings)
    try:
        yield
    finally:
        filling.unlink()


@contextmanager
def locked_database(site: Site) -> Iterator[None]:
    """Another program holds the write lock of the database."""
    with closing(sqlite3.connect(site.settings.data / "dqmhub.db", isolation_level=None, timeout=PATIENCE_S)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def replaced_database(site: Site) -> Iterator[None]:
    """The file of the database is a copy, as after a restore under running services."""
    file = site.settings.data / "dqmhub.db"
    kept = file.with_name("kept.db")
    file.rename(kept)
    shutil.copy(kept, file)
    time.sleep(PAUSE_S)  # processes look at the file this often
    try:
        yield
    finally:
        kept.replace(file)
        time.sleep(PAUSE_S)


@contextmanager
def slow_clients(site: Site) -> Iterator[None]:
    """Clients that are silent, and clients that send a byte a second, of the head or of the body."""
    begin = f"POST /csp-report HTTP/1.1\r\nHost: 127.0.0.1:{site.settings.web_port}\r\n"
    whole = f"{begin}Content-Length: 1000\r\n\r\n"
    ended = threading.Event()
    with ExitStack() as stack:
        place = "127.0.0.1", site.settings.web_port
        silent, heads, bodies = ([stack.enter_context(socket.create_connection(place)) for _ in range(CLIENTS)] for _ in range(3))
        for client in heads:
            client.send(begin.encode())
        for client in bodies:
            client.send(whole.encode())
        thread = threading.Thread(target=_drip, args=([*heads, *bodies], ended))
        thread.start()
        stack.callback(thread.join)
        stack.callback(ended.set)
        assert silent
        yield


def _drip(clients: list[socket.socket], ended: threading.Event) -> None:
    """Send a byte a second on each connection, as long as the server has it."""
    while not ended.wait(1.0):
        for client in clients:
            try:
                client.send(b"x")
            except OSError:
                pass


@contextmanager
def killed_processes(site: Site) -> Iterator[None]:
    """Each process is killed, the workers of a service first; services that end are started again, as a system does."""
    dice = random.Random(0)
    for name in SERVICES:
        first = site.services[name]
        workers = [process for process in of_session(first.pid) if process != first.pid]
        if workers:
            os.kill(dice.choice(workers), signal.SIGKILL)
        if name != "web" or not workers:
            continue
        until(lambda: site.request("GET", "/healthz/live").status == 200, "the web server after a worker was killed")
    for name in SERVICES:
        first = site.services[name]
        first.kill()
        first.wait()
        wait_for_end_of_session(first.pid, name)
        site.start(name)
    site.wait_until_ready()
    yield


@contextmanager
def stopped_processes(site: Site) -> Iterator[None]:
    """All services but the web server are stopped (SIGSTOP)."""
    with stopped([pid for name in SERVICES if name != "web" for pid in of_session(site.services[name].pid)]):
        yield


FAULTS = (
    Fault("full-disk", full_disk, on_status="The disk of DQM Hub is full", refuses=True),
    Fault("locked-database", locked_database, on_status="locked by another program", refuses=True),
    Fault("replaced-database", replaced_database, on_status="The file of the database was replaced", refuses=True),
    Fault("slow-clients", slow_clients),
    Fault("stopped-processes", stopped_processes),
    Fault("killed-processes", killed_processes, kills=True),
)
"""In the order in which they are injected."""


def wait_for_end_of_session(leader: int, name: str) -> None:
    until(lambda: not of_session(leader), f"the children of {name} to end")
