"""The check of the clock, against servers and heartbeats whose time is another one."""

from __future__ import annotations

import re
import socket
import threading
import time
from email.utils import formatdate

import pytest

from app.core import database, database_schema
from app.core.heartbeat import Service
from app.core.settings import Settings
from tests.ops.doctor.findings import found, wrong
from tests.support.raw_server import Behaviour, raw

UNSYNCHRONISED = ("warning", "Nothing synchronises the clock of this machine")
"""Depends on the machine of the tests."""


def with_date(offset_s: float) -> Behaviour:
    """A web server whose clock is so much ahead."""

    def behaviour(connection: socket.socket, received: bytearray, _: threading.Event) -> None:
        while b"\r\n\r\n" not in received:
            received += connection.recv(4096)
        date = formatdate(time.time() + offset_s, usegmt=True)
        connection.sendall(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    return behaviour


@pytest.mark.parametrize(
    ("offset_s", "level", "text"),
    [
        (0, "ok", "the clock agrees with that of"),
        (59, "warning", r"The clock of this machine is [1-5]?\d s behind that of"),  # at least: a slow answer makes it uncertain
        (-3600, "error", r"The clock of this machine is 3[56]\d\d s ahead of that of"),
    ],
    ids=["right", "behind", "ahead"],
)
def test_the_clock_is_compared_with_that_of_a_server(settings: Settings, offset_s: float, level: str, text: str) -> None:
    with raw(with_date(offset_s)) as server:
        findings = found(settings.replace(runs_oms_url=f"http://{server.place}"), "clock")
    (finding,) = [one for one in findings if server.place in one.text]
    assert finding.level == level
    assert re.match(text, finding.text), finding.text


def test_a_heartbeat_in_the_future_is_reported_with_its_host(hub: Settings) -> None:
    Service.create(name="web", host="dqm-2", process=7, version="0.1.0", started=time.time(), seen=time.time() + 300)
    try:
        ((level, text),) = [one for one in wrong(hub, "clock") if one != UNSYNCHRONISED]
    finally:
        database_schema.check(database.connect(hub))
    assert level == "error"
    assert text.startswith("The service web on dqm-2 wrote a heartbeat ")
