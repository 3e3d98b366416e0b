"""Servers for any protocol on this machine, the well and the badly behaved."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

WAIT_S = PATIENCE_S
"""Against hangs only."""


def server_context(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@dataclass
class Raw:
    """A server that handles its connections by a function."""

    place: str = ""
    received: list[bytearray] = field(default_factory=list)  # bytes of each connection


Behaviour = Callable[[socket.socket, bytearray, threading.Event], None]
"""Handles a connection: its socket, the bytes received on it, and the event that ends the server."""


@contextmanager
def raw(behaviour: Behaviour) -> Iterator[Raw]:
    """A server on a free port that handles connections so."""
    found, ended = Raw(), threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            found.received.append(bytearray())
            with suppress(OSError):
                behaviour(self.request, found.received[-1], ended)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server, served(server):
        found.place = f"127.0.0.1:{server.server_address[1]}"
        try:
            yield found
        finally:
            ended.set()


def silent(_: socket.socket, __: bytearray, ended: threading.Event) -> None:
    """Accept connections and send nothing."""
    ended.wait(WAIT_S)


def dripping(letter: bytes) -> Behaviour:
    """Send these bytes again and again without end."""

    def behaviour(connection: socket.socket, _: bytearray, ended: threading.Event) -> None:
        while not ended.is_set():
            connection.sendall(letter)
            time.sleep(0.02)

    return behaviour


def garbage(connection: socket.socket, _: bytearray, __: threading.Event) -> None:
    """Send garbage, and close."""
    connection.sendall(b"\xff\x00 mm4 ready \r\n" * 50)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def closed() -> str:
    """host:port without a listener."""
    return f"127.0.0.1:{free_port()}"
