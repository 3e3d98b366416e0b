"""The Python client."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from render.client import MAX_MESSAGE_BYTES, RenderClient, Request
from render.errors import RenderDisconnected, RenderTimeout, RenderUnavailable
from tests.render.service import PATIENCE_S, Service, scalar_request


def test_missing_service_is_reported_with_socket_and_command(tmp_path: Path) -> None:
    with pytest.raises(RenderUnavailable, match=f"{tmp_path}/socket.*dqmhub render"):
        RenderClient(tmp_path / "socket").ping()


def test_stale_socket_means_no_service(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as ended:
        ended.bind(str(tmp_path / "socket"))
    with pytest.raises(RenderUnavailable):
        RenderClient(tmp_path / "socket").ping()


@pytest.fixture
def listener(tmp_path: Path) -> socket.socket:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "socket"))
        opened.listen()
        yield opened


def test_client_gives_up_after_its_timeout(listener: socket.socket) -> None:
    with pytest.raises(RenderTimeout, match=r"within 0\.1 s"):
        RenderClient(Path(listener.getsockname()), timeout=0.1).render(scalar_request("42", name="A/slow"))


def test_response_that_keeps_arriving_has_no_time_limit(listener: socket.socket) -> None:
    def respond_slowly(pause_s: float) -> None:
        connection, _ = listener.accept()
        with connection, suppress(BrokenPipeError):  # of a client that has given up
            connection.recv(1 << 16)
            for part in (b"\0\0\0\0", b"\4\0\0\0", b"sl", b"ow"):
                time.sleep(pause_s)
                connection.sendall(part)

    def answer(timeout: float) -> bytes:
        """What the client gets, whose response takes longer in all than its timeout; nothing if one part came too late."""
        peer = threading.Thread(target=respond_slowly, args=(timeout / 3,))
        peer.start()
        try:
            return RenderClient(Path(listener.getsockname()), timeout).render(scalar_request("42")).image
        except RenderTimeout:
            return b""
        finally:
            peer.join()

    timeouts = (0.3, 3.0, 30.0, PATIENCE_S)  # a busy machine holds the peer for long
    assert next(filter(None, map(answer, timeouts))) == b"slow"


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\0", b"\0\0\0\0\x10\0\0\0half"])
def test_incomplete_response_means_a_lost_worker(listener: socket.socket, answer: bytes) -> None:
    def respond_and_close() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(answer)

    peer = threading.Thread(target=respond_and_close)
    peer.start()
    with pytest.raises(RenderDisconnected, match="A/scalar"):
        RenderClient(Path(listener.getsockname())).render(scalar_request("42"))
    peer.join()


def test_threads_may_share_a_client(service: Service, request_for: Callable[..., Request]) -> None:
    requests = [request_for(name, spec="w=60;h=40") for name in ("TH1F", "TH2F", "TProfile")] + [scalar_request("42")]
    expected = [service.client.render(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for response, expected_response in zip(pool.map(service.client.render, requests * 20), expected * 20, strict=True):
            assert response == expected_response


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Request(name="A", spec="w=20;h=20"), "1 to 10 objects, not 0"),
        (Request(name="A", spec="w=20;h=20", objects=[(b"", 0)] * 11), "1 to 10 objects, not 11"),
        (Request(name="A\0B", spec="w=20;h=20", objects=[(b"", 0)]), "no NUL"),
        (Request(name="é" * 2049, spec="w=20;h=20", objects=[(b"", 0)]), "at most 4096 bytes"),
        (Request(name="A", spec="w=20;h=20", objects=[(bytes(MAX_MESSAGE_BYTES), 0)]), "more than the limit of"),
    ],
)
def test_request_that_exceeds_the_protocol_is_refused_before_sending(tmp_path: Path, request_: Request, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        RenderClient(tmp_path / "nowhere").render(request_)


def test_largest_message_is_accepted(service: Service) -> None:
    padding = MAX_MESSAGE_BYTES - len(Request(name="A", spec="w=8;h=8", flags=2).message())
    assert service.client.render(Request(name="A", spec="w=8;h=8", flags=2, text=b"x" * padding)).code == 0
