"""The worker class of the hub and its mirrors, with clients that are silent, slow, broken or many."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.support.http_clients import is_cut_off, opened, peeked, request, slow_readers, whole_answer
from tests.support.http_server import LARGE_BYTES, MAX_BODY_BYTES, THREADS
from tests.support.patience import PATIENCE_S
from tests.support.processes import until

pytestmark = pytest.mark.slow

MANY = 500


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nHost: ", b"408"),
        (b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n{", b"408"),
        (b"POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{", b"408"),
    ],
    ids=["silent", "half head", "half body", "half chunk"],
)
def test_500_clients_that_stop_sending_keep_nobody_out_and_are_closed(port: int, stack: ExitStack, first: bytes, status: bytes) -> None:
    slow = [opened(stack, port, first) for _ in range(MANY)]
    assert request(port) == (200, b"ok")
    assert {whole_answer(one)[9:12] for one in slow} == {status}


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: ", b"a"),
        (b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n{", b"b"),
        (b"POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n{", b"c"),
    ],
    ids=["head", "body", "chunk"],
)
def test_clients_that_send_a_byte_at_a_time_have_a_deadline_for_the_whole(port: int, stack: ExitStack, first: bytes, drop: bytes) -> None:
    slow = [opened(stack, port, first) for _ in range(4 * THREADS)]

    def all_refused() -> bool:
        assert request(port) == (200, b"ok")
        for one in slow:
            with suppress(OSError):
                one.sendall(drop)
        return all(peeked(one) for one in slow)

    until(all_refused, "the deadline of the whole request")


def test_more_clients_than_the_server_can_hold_do_not_keep_others_out(port: int, stack: ExitStack) -> None:
    for _ in range(900):  # the server holds 700
        opened(stack, port)
    assert request(port) == (200, b"ok")


def test_large_bodies_arrive_whole_with_a_length_and_in_chunks(port: int) -> None:
    content = bytes(range(256)) * 4096 * 4
    assert request(port, "/echo", content) == (200, content)
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", "/echo", iter([content[:70_000], content[70_000:]]), encode_chunked=True)
    assert connection.getresponse().read() == content
    connection.close()


def test_a_body_over_the_limit_is_413_before_it_is_sent(port: int, stack: ExitStack) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)
    assert whole_answer(opened(stack, port, head))[9:12] == b"413"
    chunks = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (MAX_BODY_BYTES + 1)
    one = opened(stack, port, chunks)
    with suppress(OSError):
        one.sendall(b"x" * (MAX_BODY_BYTES + 1))
    assert whole_answer(one)[9:12] == b"413"


def test_large_bodies_that_fill_the_memory_for_them_keep_no_small_ones_out(port: int, stack: ExitStack) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES
    large = [opened(stack, port, head) for _ in range(3)]  # the server takes two
    for one in large:
        with suppress(OSError):
            one.sendall(bytes(MAX_BODY_BYTES - 1))
    assert request(port, "/echo", b"small") == (200, b"small")
    assert {whole_answer(one)[9:12] for one in large} <= {b"503", b"408", b""}, "one is refused, the others end at their deadline"


def test_a_client_that_expects_continue_is_told_to_once(port: int, stack: ExitStack) -> None:
    one = opened(stack, port, b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    one.sendall(b"abc")
    head, _, content = whole_answer(one).partition(b"\r\n\r\n")
    assert (head[9:12], content) == (b"200", b"abc")


def test_requests_behind_each_other_are_answered_in_order(port: int, stack: ExitStack) -> None:
    parts = [b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n%02d" % number for number in range(20)]
    one = opened(stack, port, b"\r\n".join(parts) + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    bodies = [part.partition(b"\r\n\r\n")[2][:2] for part in whole_answer(one).split(b"HTTP/1.1 200 OK")[1:]]
    assert bodies == [b"%02d" % number for number in range(20)] + [b"ok"]


def test_an_application_that_fails_is_500_and_the_connection_ends(port: int, stack: ExitStack) -> None:
    one = opened(stack, port, b"GET /fails HTTP/1.1\r\nHost: a\r\n\r\n")
    assert whole_answer(one).startswith(b"HTTP/1.1 500 Internal Server Error")


@pytest.mark.parametrize(("path", "count"), [(b"/pieces", 3 * THREADS), (b"/whole", 3)])
def test_readers_that_stop_hold_no_thread_that_others_need_and_are_cut_off(port: int, stack: ExitStack, path: bytes, count: int) -> None:
    slow = slow_readers(stack, port, path, count)
    assert request(port) == (200, b"ok")
    until(lambda: all(is_cut_off(one) for one in slow), "the readers to be cut off")


@pytest.mark.parametrize("path", ["/pieces", "/whole"])
def test_a_large_response_arrives_whole_at_a_reader_with_pauses(port: int, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("GET", path)
    response: HTTPResponse = connection.getresponse()
    size = 0
    while piece := response.read(2**20):
        size += len(piece)
        assert request(port) == (200, b"ok")
    connection.close()
    assert size == LARGE_BYTES
