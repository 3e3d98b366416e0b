"""Two hundred browsers request one plot that is not drawn yet from a running web server."""

from __future__ import annotations

import socket
import struct
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core.settings import Settings
from app.gui.files.register import IMPORT
from app.queue.models import BackgroundJob
from tests.support.patience import PATIENCE_S
from tests.support.site import address, bound, site

pytestmark = pytest.mark.slow

CLIENTS = 200
NAME = "PixelPhase1/EventInfo/reportSummaryMap"
PLOT = f"/api/v1/render/367129/ZeroBias/Run2023C-Demo-v1/DQMIO/{NAME}?w=511&h=377"
DELAY_S = 0.5
"""Delay of each plot, s: most clients send their request before the first plot is drawn."""


class CountingProxy:
    """A proxy of the render service that delays plots and counts the requests by name."""

    def __init__(self, socket_path: Path, service: Path) -> None:
        self.service = service
        self.requested: Counter[bytes] = Counter()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(socket_path))
        self.listener.listen(CLIENTS)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self.carry, args=(self.listener.accept()[0],), daemon=True).start()

    def carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as service:
            service.connect(str(self.service))
            message = client.recv(4, socket.MSG_WAITALL)
            message += client.recv(struct.unpack("=i", message)[0] - 4, socket.MSG_WAITALL)
            streamers, name = struct.unpack_from("=II", message, 24)
            self.requested[message[44 + streamers :][:name]] += 1
            threading.Event().wait(DELAY_S)
            service.sendall(message)
            head = service.recv(8, socket.MSG_WAITALL)
            client.sendall(head + service.recv(struct.unpack("=iI", head)[1], socket.MSG_WAITALL))

    def end(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def wire(tmp_path: Path, render_service: Path) -> Iterator[CountingProxy]:
    (tmp_path / "render").mkdir()
    wire = CountingProxy(tmp_path / "render" / "socket", render_service / "socket")
    yield wire
    wire.end()


@pytest.fixture
def web(tmp_path: Path, wire: CountingProxy, sqlite_template: Path, demo_files: list[Path]) -> Iterator[Settings]:
    """A web server of two processes."""
    base_settings = Settings(data_dir=str(tmp_path), file_roots=(str(demo_files[0].parent),), web_workers=2)
    with site(base_settings, sqlite_template, demo_files) as settings:
        yield settings


class Answer(NamedTuple):
    status: int
    body: bytes
    retry_s: float  # what a busy server expects; 0: no other try


def fetch(url: str) -> Answer:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return Answer(answer.status, answer.read(), 0)
    except urllib.error.HTTPError as error:
        return Answer(error.code, b"", float(error.headers.get("Retry-After", 0)))


def fetch_by_all(url: str) -> list[Answer]:
    """The answers to 200 clients that start together, and come back when a busy server expects it."""
    start, answers = threading.Barrier(CLIENTS), list[Answer]()

    def browse() -> None:
        start.wait()
        while (answer := fetch(url)).status == 503 and answer.retry_s:
            threading.Event().wait(answer.retry_s)
        answers.append(answer)

    threads = [threading.Thread(target=browse) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return answers


def test_one_plot_for_two_hundred_clients_is_drawn_once(web: Settings, wire: CountingProxy) -> None:
    url = address(web) + PLOT
    assert fetch(url.replace(NAME, "no/such")).status == 404  # the list of the sample is there now
    answers = fetch_by_all(url)
    assert [answer.status for answer in answers] == [200] * CLIENTS
    assert len({answer.body for answer in answers}) == 1
    assert wire.requested[NAME.encode()] == 1


def test_a_plot_of_a_file_that_nobody_has_read_comes_to_two_hundred_clients_that_wait(web: Settings, wire: CountingProxy) -> None:
    answers = fetch_by_all(address(web) + PLOT)
    assert [answer.status for answer in answers] == [200] * CLIENTS
    assert len({answer.body for answer in answers}) == 1
    assert wire.requested[NAME.encode()] == 1
    with bound(web):
        assert BackgroundJob.select().where(BackgroundJob.kind == IMPORT, BackgroundJob.attempts > 0).count() == 1
