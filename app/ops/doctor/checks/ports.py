"""Whether the ports of the services are free or used by these services."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.core.settings import Settings
from app.http_client import HttpClient, HttpError
from app.ops.doctor.diagnosis import Diagnosis
from app.ops.settings import ServiceSettings
from app.security.this_machine import hub_mark, key_file

TIMEOUT_S = 5.0
LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp."""


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The port of the web server, and that of a mirror if it has keys."""
    path = f"{settings.url_prefix}/healthz/seen"
    yield examine("web_host", "web_port", settings.web_host, settings.web_port, path, "hub", _own_mark(settings))
    service = settings.of(ServiceSettings)
    if service.mirror_keys:
        path = f"{service.mirror_prefix}/snapshots"
        yield examine("mirror_host", "mirror_port", service.mirror_host, service.mirror_port, path, "series")


def examine(host_name: str, port_name: str, host: str, port: int, path: str, key: str, value: str = "") -> Diagnosis:
    """Whether our service answers at a port, or could listen there.

    Args:
        host_name: Setting of the address.
        port_name: Setting of the port.
        host: Address.
        port: Port.
        path: Where our service answers with JSON.
        key: Member of that JSON object.
        value: What this member is in answers of our service; "" if it may be any.
    """
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _used(port_name, host, port, path, key, value)
        if error.errno == errno.EACCES:
            return Diagnosis("error", f"Port {port} needs rights that this user does not have", f"Set {port_name} to one above 1023")
        return Diagnosis("error", f"{host} port {port} cannot be used: {error.strerror}", f"Set {host_name} to an address of this machine")
    return Diagnosis("ok", f"port {port} is free: its service does not run")


def _used(port_name: str, host: str, port: int, path: str, key: str, value: str) -> Diagnosis:
    place = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with closing(HttpClient()) as client:
            address = f"http://{f'[{place}]' if ':' in place else place}:{port}{path}"
            answer = client.request("GET", address, deadline_s=TIMEOUT_S, max_bytes=1 << 16, truncate=True)
        found = json.loads(answer.body)[key]
    except (HttpError, ValueError, TypeError, LookupError):
        return Diagnosis("error", f"Another program uses port {port}: {owner(port)}", f"Stop it, or set another {port_name}")
    if value and found != value:
        text = f"The web server of another DQM Hub, with another data_dir, uses port {port}: {owner(port)}"
        return Diagnosis("error", text, f"Set another {port_name} for one of them")
    return Diagnosis("ok", f"our service answers at port {port}")


def _own_mark(settings: Settings) -> str:
    """What the web server of this hub answers; "" if this user cannot read its key."""
    try:
        key_file(settings).read_bytes()
    except FileNotFoundError:  # a hub whose web server never ran: whoever answers is another one
        pass
    except OSError:
        return ""
    return hub_mark(settings)


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
