"""Slow clients and large responses do not block other clients."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from protocol.snapshot import Item, ItemKey
from tests.mirror import samples
from tests.mirror.process import MirrorProcess, mirror_process
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.slow

THREADS = 2
HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Padding: "


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MirrorProcess]:
    with mirror_process(tmp_path_factory.mktemp("slow"), threads=THREADS) as found:
        yield found


def open_connection(mirror: MirrorProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", mirror.port), timeout=PATIENCE_S)


@contextmanager
def slow_connections(mirror: MirrorProcess, first: bytes, drop: bytes, connections: int = 3 * THREADS) -> Iterator[None]:
    """Connections that send `first` and then `drop` every second, so that none of them pauses for long."""
    stop = threading.Event()

    def drip() -> None:
        with ExitStack() as stack:
            opened = [stack.enter_context(open_connection(mirror)) for _ in range(connections)]
            for one in opened:
                one.sendall(first)
            connected_event.set()
            while not stop.wait(1):
                for one in opened:
                    try:
                        one.sendall(drop)
                    except OSError:  # the mirror closed the connection
                        return

    connected_event = threading.Event()
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert connected_event.wait(PATIENCE_S)
        yield
    finally:
        stop.set()
        thread.join()


def answer(connection: socket.socket) -> bytes:
    """Receive until the body of /healthz or the end of the connection."""
    found = b""
    while not found.endswith(b"\r\nok\n") and (more := connection.recv(4096)):
        found += more
    return found


def test_slow_request_heads_occupy_no_thread(mirror: MirrorProcess) -> None:
    with slow_connections(mirror, HEAD, b"x"):
        assert mirror.get("/healthz").status == 200
        assert mirror.get("/status").status == 200


def test_a_head_in_pieces_and_the_next_request_are_answered(mirror: MirrorProcess) -> None:
    with open_connection(mirror) as connection:
        for piece in (HEAD, b"x\r\n", b"\r", b"\n"):
            connection.sendall(piece)
            assert mirror.get("/healthz").status == 200
        assert answer(connection).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(HEAD + b"x\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200 OK")


def test_pipelined_requests_are_answered_in_order(mirror: MirrorProcess) -> None:
    with open_connection(mirror) as connection:
        connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx" + HEAD)
        assert mirror.get("/healthz").status == 200
        connection.sendall(b"x\r\n\r\n")
        found = answer(connection)
        assert found.startswith(b"HTTP/1.1 405")
        assert b"HTTP/1.1 200 OK" in found


def test_a_connection_with_an_endless_head_is_refused(mirror: MirrorProcess) -> None:
    with open_connection(mirror) as connection, suppress(ConnectionResetError):
        connection.sendall(HEAD + b"x" * 80_000)
        assert answer(connection).startswith(b"HTTP/1.1 431")


def test_clients_that_disconnect_within_a_head_leave_nothing_behind(mirror: MirrorProcess) -> None:
    for _ in range(3 * THREADS):
        with open_connection(mirror) as connection:
            connection.sendall(HEAD)
    assert mirror.get("/healthz").status == 200


def test_slow_uploads_do_not_block_a_hub(tmp_path: Path) -> None:
    with (
        mirror_process(tmp_path) as mirror,
        slow_connections(mirror, b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nD", b"Q"),
    ):
        until(lambda: mirror.post(samples.snapshot([])).status == 200, "an upload to be accepted")


def test_uploads_that_stop_before_their_last_byte_keep_no_snapshot_out(tmp_path: Path) -> None:
    image = Item(ItemKey("chart", "production", 7, "delivery.png"), "image/png", "", os.urandom(600_000))
    raw = samples.snapshot([image])
    head = b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % 2**20
    with mirror_process(tmp_path, largest_mb=1) as mirror, ExitStack() as stack:
        for _ in range(3):  # all that the mirror receives at once
            stopped = stack.enter_context(open_connection(mirror))
            stopped.sendall(head + (raw.partition(b"\n")[0] + b"\n").ljust(2**20 - 1, b"x"))
        assert mirror.post(raw).status == 200


def test_slow_bodies_at_any_address_block_nobody(mirror: MirrorProcess) -> None:
    for head in (b"POST / HTTP/1.1", b"GET /healthz HTTP/1.1", b"PUT /snapshots HTTP/1.1"):
        with slow_connections(mirror, head + b"\r\nHost: a\r\nContent-Length: 20000\r\n\r\nD", b"Q"):
            assert mirror.get("/healthz").status == 200


def test_a_body_that_nobody_reads_is_not_waited_for(mirror: MirrorProcess) -> None:
    with open_connection(mirror) as connection:
        connection.sendall(b"POST /runs/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nD")
        assert answer(connection).startswith(b"HTTP/1.1 405")


def test_slow_readers_of_large_responses_block_nobody(tmp_path: Path) -> None:
    image = Item(ItemKey("chart", "production", 7, "delivery.png"), "image/png", "", os.urandom(8 << 20))
    small = Item(ItemKey("chart", "production", 7, "rate.png"), "image/png", "", os.urandom(1 << 17))
    with mirror_process(tmp_path, threads=4) as mirror, ExitStack() as stack:
        assert mirror.post(samples.snapshot([image, small])).status == 200
        for _ in range(12):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", mirror.port))
            slow.sendall(b"GET /charts/7/delivery.png HTTP/1.1\r\nHost: a\r\n\r\nGET /charts/7/rate.png HTTP/1.1\r\nHost: a\r\n\r\n")
            assert slow.recv(12).startswith(b"HTTP/1.1")
        assert mirror.get("/healthz").status == 200
        assert mirror.get("/charts/7/delivery.png").body == image.body
