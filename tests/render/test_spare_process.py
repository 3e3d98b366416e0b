"""The spare process, which replaces a worker that is lost or leaving."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.render.service import PATIENCE_S, Service, children, scalar_request, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[[int], Service]]:
    """Starts a service with a number of workers and ends it after the test."""
    started: list[Service] = []

    def make(workers: int) -> Service:
        started.append(Service(program, tmp_path, "--workers", str(workers)))
        return started[-1].wait_until_ready()

    yield make
    for service in started:
        service.__exit__()


def spares(service: Service) -> set[int]:
    return set(children(service.process.pid)) - set(service.workers)


def test_spare_replaces_a_lost_worker_and_a_new_spare_is_forked(start: Callable[[int], Service]) -> None:
    service = start(2)
    wait_until(lambda: len(spares(service)) == 1, "there should be one spare")
    (spare,), (killed, remaining) = spares(service), service.workers
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: set(service.workers) == {remaining, spare}, "the spare should become a worker")
    wait_until(lambda: len(spares(service)) == 1, "there should be another spare")


def test_all_processes_lost_at_once_are_replaced(start: Callable[[int], Service]) -> None:
    service = start(3)
    for child in children(service.process.pid):
        os.kill(child, signal.SIGKILL)
    assert service.client.render(scalar_request("42")).code == 0
    wait_until(lambda: len(service.workers) == 3 and len(spares(service)) == 1, "all processes should be replaced")
    assert service.stop() == 0


def test_leaving_worker_is_replaced_before_its_last_client_disconnects(start: Callable[[int], Service]) -> None:
    service = start(1)
    (leaving,) = service.workers
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(service.state / "socket"))
        message = scalar_request("42").message()
        connection.sendall(message[:-1])
        os.kill(leaving, signal.SIGTERM)
        wait_until(lambda: service.workers not in ([], [leaving]), "another worker should take over")
        assert service.client.render(scalar_request("42")).code == 0
    wait_until(lambda: service.workers != [leaving] and len(service.workers) == 1, "the first should have ended")


def test_killed_spare_is_replaced(start: Callable[[int], Service]) -> None:
    service = start(1)
    wait_until(lambda: len(spares(service)) == 1, "there should be one spare")
    (spare,) = spares(service)
    os.kill(spare, signal.SIGKILL)
    assert service.client.render(scalar_request("42")).code == 0
    wait_until(lambda: spares(service) not in (set(), {spare}), "there should be another spare")
