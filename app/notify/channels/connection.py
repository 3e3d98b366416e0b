"""TCP and TLS connections of channels, with a deadline for everything that is done on them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import urlsplit

from app.core.deadline import connect, deadline, expired, tls_context
from app.http_client import root_cause
from app.notify.errors import NotifyError, TemporaryError


def host_and_port(place: str) -> tuple[str, int]:
    """Name and port of a server, written as host:port."""
    parts = urlsplit(f"//{place}")
    return parts.hostname or "", parts.port or 0


def client_context(authorities: str) -> ssl.SSLContext:
    """TLS settings with the authorities of the setting `notify_ca`. Raises TemporaryError when they cannot be read."""
    try:
        return tls_context(authorities)
    except OSError as error:
        raise TemporaryError(f"notify_ca: {error}") from error


@contextmanager
def connection(host: str, port: int, seconds: float, context: ssl.SSLContext | None = None) -> Iterator[socket.socket]:
    """A connection that ends with its deadline, whatever the server does meanwhile; with `context` it is TLS.

    Raises TemporaryError when there is none, it breaks, or the server sends something that is no answer.
    """
    with deadline(seconds):
        try:
            plain = connect(host, port)
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be looked up
            raise TemporaryError(f"no connection to port {port}: {root_cause(error)}") from error
        try:
            with plain, context.wrap_socket(plain, server_hostname=host) if context else nullcontext(plain) as conn:
                yield conn
        except NotifyError:
            raise
        except Exception as error:
            raise TemporaryError(f"no whole answer within {seconds:g} s" if expired() else root_cause(error)) from error
