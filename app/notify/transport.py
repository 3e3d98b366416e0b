"""What all channels share: the message, the ways to fail, and a connection that nobody can hold longer than allowed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from app.core.deadline import connect, deadline, expired, tls_context
from app.http_client import root_cause
from app.notify.models import Notice
from app.square.models import SYSTEMS
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
    try:
        return tls_context(authorities)
    except OSError as error:
        raise NotSent(f"notice_ca: {error}") from error


@contextmanager
def connection(host: str, port: int, seconds: float, context: ssl.SSLContext | None = None) -> Iterator[socket.socket]:
    """A connection that ends with its deadline, whatever the server does meanwhile; with `context` it is TLS.

    NotSent when there is none, it breaks, or the server sends something that is no answer.
    """
    with deadline(seconds):
        try:
            plain = connect(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be looked up
            raise NotSent(f"no connection to port {port}: {root_cause(error)}") from error
        try:
            with plain, context.wrap_socket(plain, server_hostname=host) if context else nullcontext(plain) as conn:
                yield conn
        except (NotSent, Refused):
            raise
        except Exception as error:
            raise NotSent(f"no whole answer within {seconds:g} s" if expired() else root_cause(error)) from error
