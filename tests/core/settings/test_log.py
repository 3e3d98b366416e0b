"""Log messages of the services."""

from __future__ import annotations

import logging
import socket
import sys

import redis

from app.core.log_output import HubTextFormatter


def logged(error: Exception) -> str:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("hub", logging.ERROR, __file__, 1, "a poll failed", None, sys.exc_info())
        return HubTextFormatter().format(record).partition(" ")[2].partition(" ")[2]


def test_an_unreachable_server_is_logged_on_one_line_with_the_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    try:
        redis.Redis(port=port).ping()
    except redis.ConnectionError as error:
        lines = logged(error).splitlines()
    assert lines[0] == "ERROR hub: a poll failed"
    assert "Connection refused" in lines[1]
    assert len(lines) == 2


def test_an_unexpected_error_has_a_traceback() -> None:
    assert "Traceback (most recent call last)" in logged(ValueError("a fault"))
