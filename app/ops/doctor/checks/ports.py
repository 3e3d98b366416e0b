"""Whether the ports of the services are free or used by these services."""

from __future__ import annotations

import errno
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from app.core.database_kinds import address_to_read
from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.doctor.diagnosis import Diagnosis
from app.ops.settings import ServiceSettings, mirror_data
from app.security.this_machine import hub_mark, key_file

TIMEOUT_S = 30.0
LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp."""


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The port of the web server, and that of a mirror if it has keys."""
    path = f"{settings.url_prefix}/healthz/seen"
    web = OwnService("The web server of another DQM Hub, with another data_dir,", path, "hub", _own_mark(settings))
    yield examine("web_host", "web_port", settings.web_host, settings.web_port, web)
    service = settings.of(ServiceSettings)
    if service.mirror_keys:
        mirror = OwnService("A mirror with another mirror_data", f"{service.mirror_prefix}/snapshots", "series", _own_series(settings))
        yield examine("mirror_host", "mirror_port", service.mirror_host, service.mirror_port, mirror)


class OwnService(NamedTuple):
    """How a service of this machine is known.

    Attributes:
        other: Another one of its kind, as a sentence names it.
        path: Where it answers with JSON.
        key: Member of that JSON object.
        value: What this member is in its answers; None if it may be any.
    """

    other: str
    path: str
    key: str
    value: str | None


def examine(host_name: str, port_name: str, host: str, port: int, service: OwnService) -> Diagnosis:
    """Whether our service answers at a port, or could listen there.

    Args:
        host_name: Setting of the address.
        port_name: Setting of the port.
        host: Address.
        port: Port.
        service: The one that should answer.
    """
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _used(port_name, host, port, service)
        if error.errno == errno.EACCES:
            return Diagnosis("error", f"Port {port} needs rights that this user does not have", f"Set {port_name} to one above 1023")
        return Diagnosis("error", f"{host} port {port} cannot be used: {error.strerror}", f"Set {host_name} to an address of this machine")
    return Diagnosis("ok", f"port {port} is free: its service does not run")


def _used(port_name: str, host: str, port: int, service: OwnService) -> Diagnosis:
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with closing(HttpClient()) as client:
            address = f"http://{f'[{place}]' if ':' in place else place}:{port}{service.path}"
            answer = client.request("GET", address, deadline_s=TIMEOUT_S, max_bytes=1 << 16, truncate=True)
        found = json.loads(answer.body)[service.key]
    except (HttpError, ValueError, TypeError, LookupError):
        return Diagnosis("error", f"Another program uses port {port}: {owner(port)}", f"Stop it, or set another {port_name}")
    if service.value not in (None, found):
        text = f"{service.other} uses port {port}: {owner(port)}"
        return Diagnosis("error", text, f"Set another {port_name} for one of them")
    return Diagnosis("ok", f"our service answers at port {port}")


def _own_mark(settings: Settings) -> str | None:
    """What the web server of this hub answers; None if this user cannot read its key."""
    try:
        key_file(settings).read_bytes()
    except FileNotFoundError:  # a hub whose web server never ran: whoever answers is another one
        pass
    except OSError:
        return None
    return hub_mark(settings)


def _own_series(settings: Settings) -> str | None:
    """The series of the snapshots that the mirror of this machine has, "" before its first one; None if this user cannot read it."""
    file = mirror_data(settings) / "mirror.db"
    try:
        file.stat()
        with closing(sqlite3.connect(address_to_read(file), uri=True)) as store:
            row = store.execute("SELECT series FROM state").fetchone()
    except FileNotFoundError:  # a mirror that never ran: whoever has a series is another one
        return ""
    except (OSError, sqlite3.Error):
        return None
    return str(row[0]) if row else ""


def owner(port: int) -> str:
    """Name and number of the process that listens at a port."""
    inodes = {f"socket:[{fields[9]}]" for fields in _listeners() if int(fields[1].rpartition(":")[2], 16) == port}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(handle) in inodes for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}, process {process.name}"
        except OSError:  # it has ended, or belongs to somebody else
            continue
    return "of another user; `ss -ltnp` as root names it"


def _listeners() -> Iterator[list[str]]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:  # a kernel without IPv6
            continue
        yield from (fields for line in lines if (fields := line.split())[3] == LISTENING)
