"""Which connections are closed at a limit, and what a server does that can open no more files."""

from __future__ import annotations

import logging
import os
import queue
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from gunicorn.config import Config

from protocol.buffered_http.budget import network_of
from protocol.buffered_http.connection import Connection, State
from protocol.buffered_http.connections import Connections, given_up
from protocol.buffered_http.worker import BufferedWorker
from tests.support.processes import until


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def connection(stack: ExitStack, address: str, seconds: float) -> Connection:
    """A connection of this address, whose deadline is so far away."""
    return Connection(stack.enter_context(socket.socket()), (address, 1), ("127.0.0.1", 80), seconds)


def test_of_the_sender_that_holds_most_the_one_nearest_its_deadline_ends(stack: ExitStack) -> None:
    honest = connection(stack, "192.0.2.1", 1)
    greedy = [connection(stack, "192.0.2.2", seconds) for seconds in (9, 5, 7)]
    assert given_up([honest, *greedy], lambda _: True, lambda _: 1, 2) == [greedy[1], greedy[2]]
    assert given_up([honest, *greedy], lambda one: one is honest, lambda _: 1, 1) == [honest]
    assert given_up([honest, *greedy], lambda _: True, lambda one: 9 if one is honest else 1, 1) == [honest]


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_a_sender_is_an_address_or_a_network_of_64_bits(first: str, second: str, is_one: bool) -> None:
    assert (network_of((first, 1)) == network_of((second, 2))) is is_one
    assert network_of("") == ""


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
    try:
        with suppress(OSError):
            while True:
                opened.append(os.dup(opened[0]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in opened:
            os.close(number)


@pytest.fixture
def connections(stack: ExitStack) -> tuple[Connections, int]:
    found = Connections(1000, 10, logging.getLogger("test"), lambda _: None)
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    found.listen([listener])
    stack.callback(lambda: [found.close(one) for one in found.all(*State)])
    return found, listener.fileno()


def accepted(stack: ExitStack, found: Connections, number: int, count: int) -> list[socket.socket]:
    """Clients whose connections were accepted."""
    port = found._listeners[number].getsockname()[1]
    clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
    before = len(found)
    until(lambda: found.accept(number) and len(found) == before + count, "the connections to be accepted")
    return clients


def test_without_files_the_server_sleeps_and_makes_room(stack: ExitStack, connections: tuple[Connections, int]) -> None:
    found, number = connections
    accepted(stack, found, number, 20)
    waiting = stack.enter_context(socket.socket())
    waiting.connect(found._listeners[number].getsockname())
    until(lambda: bool(found.epoll.poll(0)), "a connection to wait")
    with no_more_files():
        found.accept(number)
        assert number not in [ready for ready, _ in found.epoll.poll(0)], "the loop is not woken again and again"
        assert len(found) < 20, "silent connections were closed"
    found.listen_again()
    assert number in [ready for ready, _ in found.epoll.poll(0)]
    before = len(found)
    found.accept(number)
    assert len(found) == before + 1


def test_the_last_files_are_left_to_the_application(stack: ExitStack, connections: tuple[Connections, int]) -> None:
    found, number = connections
    accepted(stack, found, number, 20)
    found.first_other_file = 0  # as if all numbers below were taken
    stack.enter_context(socket.create_connection(found._listeners[number].getsockname()))
    until(lambda: found.accept(number) and len(found) < 20, "room")
    for one in found.all(State.IDLE):
        one.state = State.ANSWERING
    stack.enter_context(socket.create_connection(found._listeners[number].getsockname()))
    before = len(found)
    until(lambda: found.accept(number) and len(found) > before, "the connection to be accepted")
    stack.enter_context(socket.create_connection(found._listeners[number].getsockname()))
    assert number not in [ready for ready, _ in found.epoll.poll(0)], "nothing is accepted while all are answered"
    for one in found.all(State.ANSWERING):
        one.state, one.deadline = State.IDLE, time.monotonic()


def test_a_stall_of_the_server_takes_no_time_from_a_client(stack: ExitStack, connections: tuple[Connections, int]) -> None:
    found, number = connections
    accepted(stack, found, number, 2)
    one, other = found.all(State.IDLE)
    one.wait(State.HEAD, 3600)
    other.wait(State.ANSWERING, 3600)
    start, others = one.deadline - 3600, other.deadline
    found.give_stall(start)
    found.give_stall(start + 7200)
    assert one.deadline == pytest.approx(start + 3600 + 7200)
    assert other.deadline == others, "a thread has this one"
    assert found.late(start + 7200) == []
    found.give_stall(start + 7201)
    assert one.deadline == pytest.approx(start + 3600 + 7200), "a second is no stall"
    one.wait(State.HEAD, 0)
    assert found.late(start + 7202) == [one]
    other.state, other.deadline = State.IDLE, time.monotonic()


def test_a_connection_that_waited_for_a_stalled_server_has_no_more_time_than_others(
    stack: ExitStack, connections: tuple[Connections, int]
) -> None:
    found, number = connections
    worker = BufferedWorker(0, os.getppid(), [], None, 30, Config(), logging.getLogger("test"))
    stack.callback(worker.tmp.close)
    worker.connections, worker.returned, worker.next_sweep, worker.PIPE = found, queue.SimpleQueue(), 0.0, (-1, -1)
    accepted(stack, found, number, 1)
    (old,) = found.all(State.IDLE)
    before = old.deadline
    stack.enter_context(socket.create_connection(found._listeners[number].getsockname()))
    until(lambda: bool(found.epoll.poll(0)), "a connection to wait")
    found._looked -= 3600
    worker._poll()
    (new,) = (one for one in found.all(State.IDLE) if one is not old)
    assert old.deadline >= before + 3600
    assert new.deadline <= time.monotonic() + 10
