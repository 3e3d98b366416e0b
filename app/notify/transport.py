"""What all channels share: the message, the ways to fail, and a connection that nobody can hold longer than allowed."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from app.notify.models import Notice
from app.square.models import SYSTEMS
from app.square.upstream import reason
from app.web.clock import CERN

NAMED = 10
"""Titles in a message that sums up more."""


class NotSent(Exception):
    """It did not get there, and may later."""


class Refused(Exception):
    """It got there and is not wanted: trying again is of no use."""


class Message(NamedTuple):
    """A notice as channels tell it. id: unique, for receivers that get it twice; at: Unix s UTC; link: "" for none."""

    id: str
    kind: str
    system: str
    run: int | None
    title: str
    text: str
    at: float
    link: str

    @property
    def moment(self) -> str:
        """When it happened, on the clock at CERN."""
        return f"{datetime.fromtimestamp(self.at, CERN):%Y-%m-%d %H:%M:%S %Z}"


def message_of(notice: Notice, public_url: str) -> Message:
    """A notice as it is told."""
    text = notice.text
    if notice.repeats:
        times = "once" if notice.repeats == 1 else f"{notice.repeats} times"
        text = f"{text} (and {times} before, which was not told)".strip()
    link = public_url.rstrip("/") + _path(notice) if public_url else ""
    return Message(notice.event, notice.kind, notice.system, notice.run, notice.title, text, notice.at, link)


def _path(notice: Notice) -> str:
    job = notice.kind in ("crash", "stuck")
    path = "/square/job" if job else "/square" if notice.run is None else f"/square/runs/{notice.run}"
    query = ({"key": notice.key} if job else {}) | ({"system": notice.system} if notice.system != SYSTEMS[0] else {})
    return path + ("?" + urlencode(query) if query else "")


def headline(messages: Sequence[Message]) -> str:
    """One line for one message or several."""
    return messages[0].title if len(messages) == 1 else f"{len(messages)} notices: {messages[0].title} and more"


def server(place: str) -> tuple[str, int]:
    """Name and port of a server, given as host:port."""
    parts = urlsplit(f"//{place}")
    return parts.hostname or "", parts.port or 0


def tls(authorities: str) -> ssl.SSLContext:
    """Certificates are checked against this file or folder, or the usual authorities."""
    folder = Path(authorities).is_dir()
    try:
        if not authorities:
            return ssl.create_default_context()
        return ssl.create_default_context(cafile=None if folder else authorities, capath=authorities if folder else None)
    except OSError as error:
        raise NotSent(f"notice_ca: {authorities} cannot be read: {reason(error)}") from error


def _connected(host: str, port: int, end: float) -> socket.socket:
    """To the first address of a host that answers; each has its share of the time. OSError of the last one."""
    addresses = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for left in range(len(addresses), 0, -1):
        try:
            return socket.create_connection((addresses[-left], port), max((end - time.monotonic()) / left, 0.01))
        except OSError:
            if left == 1:
                raise
    raise OSError("the name has no address")


@contextmanager
def connection(host: str, port: int, seconds: float, context: ssl.SSLContext | None = None) -> Iterator[socket.socket]:
    """A connection that is cut when the time is over, whatever the server does meanwhile; with `context` it is TLS.

    NotSent when there is none, it breaks, or what is said on it is no answer.
    """
    end = time.monotonic() + seconds
    try:
        plain = _connected(host, port, end)
    except (OSError, UnicodeError) as error:  # no such name can be asked for: UnicodeError
        raise NotSent(f"no connection to port {port}: {reason(error)}") from error
    plain.settimeout(seconds)
    second_handle = plain.dup()  # the first one goes into TLS
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            second_handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(end - time.monotonic(), 0.01), cut)
    timer.daemon = True  # a service that ends does not wait for it
    timer.start()
    try:
        with context.wrap_socket(plain, server_hostname=host) if context else plain as spoken_to:
            yield spoken_to
    except Exception as error:
        if over.is_set():
            raise NotSent(f"no whole answer within {seconds:g} s") from error
        if isinstance(error, NotSent | Refused):
            raise
        raise NotSent(reason(error)) from error
    finally:
        timer.cancel()
        second_handle.close()
        plain.close()
