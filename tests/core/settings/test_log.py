"""What the services log."""

from __future__ import annotations

import logging
import socket
import sys

import redis

from app.cli import ShortTracebackFormatter


def logged(error: Exception) -> str:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("hub", logging.ERROR, __file__, 1, "a poll failed", None, sys.exc_info())
        return ShortTracebackFormatter("%(levelname)s %(name)s: %(message)s").format(record)


def test_a_server_that_is_away_is_one_line_and_its_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    try:
        redis.Redis(port=port).ping()
    except redis.ConnectionError as error:
        lines = logged(error).splitlines()
    assert lines[0] == "ERROR hub: a poll failed"
    assert "Connection refused" in lines[1]
    assert len(lines) == 2


def test_a_fault_of_the_program_has_its_traceback() -> None:
    assert "Traceback (most recent call last)" in logged(ValueError("a fault"))
