"""Clients of an HTTP server that are slow, silent or broken."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from http.client import HTTPConnection

from tests.support.patience import PATIENCE_S
from tests.support.processes import until


def request(port: int, path: str = "/healthz", body: bytes | None = None, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Send a request from this address, again when this process was so slow that the server did not wait for it."""
    found = list[tuple[int, bytes]]()

    def sent() -> bool:
        with suppress(ConnectionError):
            found.append(_send(port, path, body, address))
        return bool(found)

    until(sent, "an answer")
    return found[0]


def _send(port: int, path: str, body: bytes | None, address: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S, source_address=(address, 0))
    connection.request("GET" if body is None else "POST", path, body)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def opened(stack: ExitStack, port: int, first: bytes = b"", receive_buffer: int = 0) -> socket.socket:
    """A connection on which the first bytes were sent."""
    connection = stack.enter_context(socket.socket())
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(PATIENCE_S)
    connection.connect(("127.0.0.1", port))
    connection.sendall(first)
    return connection


def whole_answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(65536):
            found += more
    return found


def peeked(connection: socket.socket) -> bool:
    """Whether an answer or the end has come."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def slow_readers(stack: ExitStack, port: int, path: bytes, count: int) -> list[socket.socket]:
    """Clients that have read the beginning of a response of 64 MB, and read no more."""
    found = [opened(stack, port, b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path, receive_buffer=4096) for _ in range(count)]
    for one in found:
        assert one.recv(12, socket.MSG_WAITALL) in (b"HTTP/1.1 200", b"")
    return found


def is_cut_off(connection: socket.socket) -> bool:
    """Whether the server has closed a connection: then the kernel answers what we send with a reset."""
    try:
        connection.send(b" ")
    except OSError:
        return True
    return False
