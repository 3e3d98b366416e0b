"""Who speaks slowly to a mirror, or much, holds nobody else up."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from protocol.snapshot import Item, ItemKey
from services.mirror.responses import LARGE_BYTES
from tests.mirror import made
from tests.mirror.running import Running, running
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.slow

THREADS = 2
HEAD = b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Padding: "


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("slow"), threads=THREADS) as found:
        yield found


def connected(mirror: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", mirror.port), timeout=PATIENCE_S)


@contextmanager
def dripping(mirror: Running, first: bytes, drop: bytes, connections: int = 3 * THREADS) -> Iterator[None]:
    """Connections that send something, and then a drop each second, so that none of them is ever silent for long."""
    over = threading.Event()

    def drip() -> None:
        with ExitStack() as stack:
            opened = [stack.enter_context(connected(mirror)) for _ in range(connections)]
            for one in opened:
                one.sendall(first)
            begun.set()
            while not over.wait(1):
                for one in opened:
                    try:
                        one.sendall(drop)
                    except OSError:  # the mirror has hung up
                        return

    begun = threading.Event()
    thread = threading.Thread(target=drip)
    thread.start()
    try:
        assert begun.wait(60)
        yield
    finally:
        over.set()
        thread.join()


def answer(connection: socket.socket) -> bytes:
    """What comes until the body of /healthz, or the end of the connection."""
    found = b""
    while not found.endswith(b"\r\nok\n") and (more := connection.recv(4096)):
        found += more
    return found


def test_heads_of_requests_that_come_letter_by_letter_hold_no_thread(mirror: Running) -> None:
    with dripping(mirror, HEAD, b"x"):
        assert mirror.get("/healthz").status == 200
        assert mirror.get("/status").status == 200


def test_a_head_in_pieces_is_answered_and_the_next_on_its_connection(mirror: Running) -> None:
    with connected(mirror) as connection:
        for piece in (HEAD, b"x\r\n", b"\r", b"\n"):
            connection.sendall(piece)
            assert mirror.get("/healthz").status == 200
        assert answer(connection).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(HEAD + b"x\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 200 OK")


def test_two_requests_at_once_are_answered_one_after_the_other(mirror: Running) -> None:
    with connected(mirror) as connection:
        connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx" + HEAD)
        assert mirror.get("/healthz").status == 200
        connection.sendall(b"x\r\n\r\n")
        found = answer(connection)
        assert found.startswith(b"HTTP/1.1 405")
        assert b"HTTP/1.1 200 OK" in found


def test_who_sends_a_head_that_does_not_end_is_hung_up_on(mirror: Running) -> None:
    with connected(mirror) as connection, suppress(ConnectionResetError):
        connection.sendall(HEAD + b"x" * 40_000)
        assert answer(connection) == b""


def test_who_goes_away_within_a_head_leaves_nothing_behind(mirror: Running) -> None:
    for _ in range(3 * THREADS):
        with connected(mirror) as connection:
            connection.sendall(HEAD)
    assert mirror.get("/healthz").status == 200


def test_a_hub_is_heard_while_others_send_snapshots_letter_by_letter(tmp_path: Path) -> None:
    with running(tmp_path) as mirror, dripping(mirror, b"POST /snapshots HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nD", b"Q"):
        until(lambda: mirror.post(made.snapshot([])).status == 200, "the mirror to have room for a hub")


def test_readers_who_take_large_answers_byte_by_byte_hold_up_no_others(tmp_path: Path) -> None:
    image = Item(ItemKey("chart", "production", 7, "delivery.png"), "image/png", "", os.urandom(8 << 20))
    small = Item(ItemKey("chart", "production", 7, "rate.png"), "image/png", "", os.urandom(LARGE_BYTES))
    with running(tmp_path, threads=4) as mirror, ExitStack() as stack:
        assert mirror.post(made.snapshot([image, small])).status == 200
        for _ in range(8):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", mirror.port))
            slow.sendall(b"GET /charts/7/delivery.png HTTP/1.1\r\nHost: a\r\n\r\nGET /charts/7/rate.png HTTP/1.1\r\nHost: a\r\n\r\n")
            assert slow.recv(12).startswith(b"HTTP/1.1")
        assert mirror.get("/healthz").status == 200
        refused = mirror.get("/charts/7/delivery.png")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        stack.close()
        until(lambda: mirror.get("/charts/7/delivery.png").body == image.body, "the places of those who are gone")
