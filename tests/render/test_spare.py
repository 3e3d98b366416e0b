"""The spare process, which takes the place of a worker that is lost or about to end."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.render.service import PATIENCE_S, Service, children, eventually, text

pytestmark = pytest.mark.slow


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[[int], Service]]:
    """Starts a service with so many workers, and ends it after the test."""
    started: list[Service] = []

    def make(workers: int) -> Service:
        started.append(Service(program, tmp_path, "--workers", str(workers)))
        return started[-1].wait_until_ready()

    yield make
    for service in started:
        service.__exit__()


def spares(service: Service) -> set[int]:
    return set(children(service.process.pid)) - set(service.workers)


def test_a_spare_takes_the_place_of_a_worker_and_another_is_made(start: Callable[[int], Service]) -> None:
    service = start(2)
    eventually(lambda: len(spares(service)) == 1, "there should be one spare")
    (spare,), (lost, kept) = spares(service), service.workers
    os.kill(lost, signal.SIGKILL)
    eventually(lambda: set(service.workers) == {kept, spare}, "the spare should work")
    eventually(lambda: len(spares(service)) == 1, "there should be another spare")


def test_everybody_lost_at_once_is_replaced(start: Callable[[int], Service]) -> None:
    service = start(3)
    for child in children(service.process.pid):
        os.kill(child, signal.SIGKILL)
    assert service.client.render(text("42")).code == 0
    eventually(lambda: len(service.workers) == 3 and len(spares(service)) == 1, "all should be there again")
    assert service.stop() == 0


def test_a_worker_on_its_way_out_is_replaced_before_its_last_client_has_gone(start: Callable[[int], Service]) -> None:
    service = start(1)
    (first,) = service.workers
    with socket.socket(socket.AF_UNIX) as halfway:
        halfway.settimeout(PATIENCE_S)
        halfway.connect(str(service.state / "socket"))
        message = text("42").message()
        halfway.sendall(message[:-1])
        os.kill(first, signal.SIGTERM)
        eventually(lambda: service.workers not in ([], [first]), "another should work")
        assert service.client.render(text("42")).code == 0
    eventually(lambda: service.workers != [first] and len(service.workers) == 1, "the first should have ended")


def test_a_killed_spare_is_replaced_and_nobody_notices(start: Callable[[int], Service]) -> None:
    service = start(1)
    eventually(lambda: len(spares(service)) == 1, "there should be one spare")
    (spare,) = spares(service)
    os.kill(spare, signal.SIGKILL)
    assert service.client.render(text("42")).code == 0
    eventually(lambda: spares(service) not in (set(), {spare}), "there should be another spare")
