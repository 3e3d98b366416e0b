"""The worker class of the hub and its mirrors, with clients that use up what others need, and applications that stop."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress

import pytest

from protocol.buffered_http.bodies import FREE_BYTES
from tests.support.http_clients import is_cut_off, opened, peeked, request, slow_readers, whole_answer
from tests.support.http_server import LARGE_BYTES, MAX_BODY_BYTES, THREADS
from tests.support.processes import until

pytestmark = pytest.mark.slow


def unfinished_bodies(stack: ExitStack, port: int, count: int, length: int) -> list[socket.socket]:
    """Clients that have sent all of a body but its last byte."""
    found = [opened(stack, port, b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length) for _ in range(count)]
    for one in found:
        with suppress(OSError):
            one.sendall(bytes(length - 1))
    return found


@pytest.mark.parametrize(("count", "length"), [(80, 2**18), (4, MAX_BODY_BYTES)])
def test_a_client_that_fills_the_memory_for_bodies_keeps_none_out(port: int, stack: ExitStack, count: int, length: int) -> None:
    greedy = unfinished_bodies(stack, port, count, length)
    assert request(port, "/echo", b"name=a&password=b") == (200, b"name=a&password=b")
    assert request(port, "/echo", bytes(FREE_BYTES)) == (200, bytes(FREE_BYTES))
    assert request(port, "/echo", bytes(MAX_BODY_BYTES), address="127.0.0.2") == (200, bytes(MAX_BODY_BYTES))
    assert {whole_answer(one)[9:12] for one in greedy} <= {b"503", b"408", b""}


def test_bodies_that_arrive_when_the_memory_is_full_of_silent_ones_are_taken(port: int, stack: ExitStack) -> None:
    unfinished_bodies(stack, port, 4, MAX_BODY_BYTES)
    assert request(port, "/echo", bytes(MAX_BODY_BYTES // 2)) == (200, bytes(MAX_BODY_BYTES // 2))


def test_more_slow_readers_than_threads_get_their_files_whole(port: int, stack: ExitStack) -> None:
    stalled = slow_readers(stack, port, b"/pieces", THREADS)
    reading = [opened(stack, port, b"GET /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") for _ in range(THREADS + 1)]
    sizes = dict.fromkeys(reading, 0)
    while reading:
        for one in list(reading):
            piece = one.recv(2**19)
            sizes[one] += len(piece)
            if not piece:
                reading.remove(one)
        assert request(port) == (200, b"ok")
    assert all(size > LARGE_BYTES for size in sizes.values()), "with their heads"
    until(lambda: all(is_cut_off(one) for one in stalled), "the stalled readers to be cut off")


def test_readers_that_stop_within_large_responses_cut_off_nobody_else(port: int, stack: ExitStack) -> None:
    slow_readers(stack, port, b"/whole", 4)  # two fill the memory for responses
    status, content = request(port, "/whole", address="127.0.0.2")
    assert (status, len(content)) == (200, LARGE_BYTES)


def test_an_application_learns_that_its_response_was_broken_off(port: int, stack: ExitStack) -> None:
    before = int(request(port, "/broken-off")[1])
    for one in slow_readers(stack, port, b"/pieces", THREADS + 1):
        one.close()
    until(lambda: int(request(port, "/broken-off")[1]) >= before + THREADS + 1, "the application to be told")


def test_a_response_that_is_shorter_than_announced_ends_its_connection(port: int, stack: ExitStack) -> None:
    answer = whole_answer(opened(stack, port, b"GET /short HTTP/1.1\r\nHost: a\r\n\r\n"))
    assert answer.endswith(b"\r\n\r\nabc")
    assert whole_answer(opened(stack, port, b"HEAD /short HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n")).endswith(b"ok")


def test_an_application_that_ends_its_thread_is_500_and_the_connection_ends(port: int, stack: ExitStack) -> None:
    for _ in range(2 * THREADS):
        assert whole_answer(opened(stack, port, b"GET /exit HTTP/1.1\r\nHost: a\r\n\r\n")).startswith(b"HTTP/1.1 500")


@pytest.mark.parametrize("drop", [b"\r\n", b"\r"])
def test_empty_lines_give_a_silent_client_no_more_time(port: int, stack: ExitStack, drop: bytes) -> None:
    one = opened(stack, port)

    def ended() -> bool:
        with suppress(OSError):
            one.sendall(drop)
        return peeked(one)

    until(ended, "the deadline of the first request")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: a\n\r",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
    ],
)
def test_lines_that_end_in_a_bare_lf_are_400_at_once(port: int, stack: ExitStack, data: bytes) -> None:
    assert whole_answer(opened(stack, port, data))[9:12] == b"400"
