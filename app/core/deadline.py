"""Sockets with a deadline for all calls together, also if each single call is fast enough.

The timeout of a socket limits one call, so a server that sends a byte now and then can hold a client for ever. Inside
`with deadline(seconds)`, the sockets of this module limit each call to the time that is left of the whole. The deadline
belongs to the thread that set it. Only the resolver of the system limits name look-ups.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import certifi

from app.core.reach import may_reach

MIN_CONNECT_S = 0.01
"""Shortest time for one address of a host, in seconds."""

_end: ContextVar[float] = ContextVar("deadline")
"""End of the deadline in force, in seconds of time.monotonic()."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Set the deadline of the block. An outer deadline that ends earlier stays in force."""
    token = _end.set(min(_end.get(math.inf), time.monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def time_left() -> float:
    """Seconds until the deadline in force. Raises TimeoutError if it has passed, LookupError if there is none."""
    left = _end.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("The deadline has passed")
    return left


def expired() -> bool:
    """Whether the deadline in force has passed."""
    return _end.get() <= time.monotonic()


class DeadlineSocket(socket.socket):
    """A TCP socket whose calls end with the deadline in force."""

    def recv(self, *args: Any) -> bytes:
        """Receive bytes."""
        self.settimeout(time_left())
        return super().recv(*args)

    def recv_into(self, *args: Any) -> int:
        """Receive bytes into a buffer."""
        self.settimeout(time_left())
        return super().recv_into(*args)

    def sendall(self, *args: Any) -> None:
        """Send all bytes."""
        self.settimeout(time_left())
        super().sendall(*args)


class DeadlineTlsSocket(DeadlineSocket, ssl.SSLSocket):
    """A TLS socket whose calls end with the deadline in force."""

    def do_handshake(self, block: bool = False) -> None:
        """Perform the TLS handshake."""
        self.settimeout(min(self.gettimeout() or math.inf, time_left()))
        super().do_handshake(block)

    def send(self, *args: Any) -> int:
        """Send a part; `sendall` of TLS sockets calls this."""
        self.settimeout(time_left())
        return super().send(*args)


def connect(host: str, port: int, seconds: float = math.inf) -> DeadlineSocket:
    """Connect to the first address of a host that accepts, each within its share of the time.

    Args:
        host: Name or address.
        port: TCP port.
        seconds: Limit for all addresses together, beside the deadline in force.

    Raises:
        OSError: Of the last address, or of the name, or no address may be reached (see reach.py). UnicodeError for a name that
            cannot be looked up.
    """
    end = time.monotonic() + min(seconds, time_left())
    known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [each for each in known if may_reach(str(each[4][0]))]
    if known and not found:
        raise OSError("its address is in a private network that is not allowed")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = DeadlineSocket(family, kind, protocol)
        try:
            sock.settimeout(max((end - time.monotonic()) / (len(found) - number), MIN_CONNECT_S))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError:
            sock.close()
            if number == len(found) - 1:
                raise
    raise OSError(f"{host} has no address")


def tls_context(authorities: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    """TLS settings for clients, which check the name and the certificate of the server.

    Args:
        authorities: File (PEM) or folder of authorities; "" for those of the system and of certifi.
        certificate: File (PEM) of the client's certificate; "" for none.
        key: File (PEM) of its key; "" when it is in the file of the certificate.

    Raises:
        OSError: A file cannot be read or used; the text names it.
    """
    path = authorities or certifi.where()
    try:
        if Path(path).is_dir():
            context = ssl.create_default_context(capath=path)
        else:
            context = ssl.create_default_context(cafile=path)
        if not authorities:
            context.load_default_certs()
        if certificate:
            path = f"{certificate} and {key}" if key else certificate
            context.load_cert_chain(certificate, key or None, password="")
    except OSError as error:
        raise OSError(f"{path} cannot be read: {error}") from error
    context.sslsocket_class = DeadlineTlsSocket
    return context
