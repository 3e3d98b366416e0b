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

import pytest

from app.core.settings import Settings
from tests.support.patience import PATIENCE_S
from tests.support.site import address, site

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


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def test_one_plot_for_two_hundred_clients_is_drawn_once(web: Settings, wire: CountingProxy) -> None:
    url = address(web) + PLOT
    assert fetch(url.replace(NAME, "no/such"))[0] == 404  # the list of the sample is there now
    start, answers = threading.Barrier(CLIENTS), list[tuple[int, bytes]]()

    def browse() -> None:
        start.wait()
        while (answer := fetch(url))[0] == 503:  # "other plots take long": come back
            pass
        answers.append(answer)

    threads = [threading.Thread(target=browse) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(answers) == CLIENTS
    assert {status for status, _ in answers} == {200}
    assert len({image for _, image in answers}) == 1
    assert wire.requested[NAME.encode()] == 1
