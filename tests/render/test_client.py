"""The Python client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from render.client import MAX_MESSAGE_BYTES, RenderClient, RenderDisconnected, RenderTimeout, RenderUnavailable, Request
from tests.render.service import Service, text


def test_no_service_is_told_with_the_place_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RenderUnavailable, match=f"{tmp_path}/socket.*dqmhub render"):
        RenderClient(tmp_path / "socket").ping()


def test_a_stale_socket_is_no_service(tmp_path: Path) -> None:
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


def test_a_service_that_does_not_answer_is_given_up(listener: socket.socket) -> None:
    with pytest.raises(RenderTimeout, match=r"within 0\.1 s"):
        RenderClient(Path(listener.getsockname()), timeout=0.1).render(text("42", name="A/slow"))


@pytest.mark.parametrize("answer", [b"", b"\0\0\0\0", b"\0\0\0\0\x10\0\0\0half"])
def test_an_answer_that_breaks_off_is_a_lost_worker(listener: socket.socket, answer: bytes) -> None:
    def take_and_close() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(answer)

    other = threading.Thread(target=take_and_close)
    other.start()
    with pytest.raises(RenderDisconnected, match="A/scalar"):
        RenderClient(Path(listener.getsockname())).render(text("42"))
    other.join()


def test_threads_may_share_a_client(service: Service, request_for: Callable[..., Request]) -> None:
    requests = [request_for(name, spec="w=60;h=40") for name in ("TH1F", "TH2F", "TProfile")] + [text("42")]
    expected = [service.client.render(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for got, wanted in zip(pool.map(service.client.render, requests * 20), expected * 20, strict=True):
            assert got == wanted


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Request(name="A", spec="w=1;h=1"), "1 to 10 objects, not 0"),
        (Request(name="A", spec="w=1;h=1", objects=[(b"", 0)] * 11), "1 to 10 objects, not 11"),
        (Request(name="A\0B", spec="w=1;h=1", objects=[(b"", 0)]), "no NUL"),
        (Request(name="é" * 2049, spec="w=1;h=1", objects=[(b"", 0)]), "at most 4096 bytes"),
        (Request(name="A", spec="w=1;h=1", objects=[(bytes(MAX_MESSAGE_BYTES), 0)]), "more than the limit of"),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused_before_it_is_sent(tmp_path: Path, request_: Request, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        RenderClient(tmp_path / "nowhere").render(request_)


def test_the_largest_message_is_carried(service: Service) -> None:
    padding = MAX_MESSAGE_BYTES - len(Request(name="A", spec="w=8;h=8", flags=2).message())
    assert service.client.render(Request(name="A", spec="w=8;h=8", flags=2, text=b"x" * padding)).code == 0
