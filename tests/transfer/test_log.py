"""Log messages of the transfer are one line each, as text or as JSON."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from services.transfer.log import LINE_BYTES, JsonLineFormatter, OneLineFormatter

HOSTILE = 'run 1\n{"level": "error"}\r\x1b[31m é \udc80'


def record(message: str, *, error: bool = False) -> logging.LogRecord:
    return logging.LogRecord("services.transfer.bu", logging.WARNING, __file__, 1, "%s", (message,), sys.exc_info() if error else None)


def test_names_of_files_cannot_break_a_line() -> None:
    line = JsonLineFormatter("bu").format(record(HOSTILE))
    found = json.loads(line)
    assert line.isprintable()
    assert (found["process"], found["level"], found["message"]) == ("transfer-bu", "warning", HOSTILE.replace("\udc80", "\\udc80"))
    assert OneLineFormatter("%(message)s").format(record(HOSTILE)).isprintable()


@pytest.mark.parametrize("character", ["x", "é", "\n"])
def test_long_messages_and_tracebacks_fit_into_a_line(character: str) -> None:
    try:
        raise ValueError(character * 9000)
    except ValueError:
        line = JsonLineFormatter("bu").format(record(character * 9000, error=True))
    assert len(line) < LINE_BYTES
    assert json.loads(line)["message"].startswith(character)
