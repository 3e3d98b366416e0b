"""Log lines in JSON: one valid object on one line, whatever is logged."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from app.core import log_context
from app.core.log_output import HubJsonFormatter, HubTextFormatter
from protocol.log_lines import LINE_BYTES, TextFormatter, about_request

HOSTILE = [
    "two\nlines\r\nand more\x85and\u2028more",
    '"}, {"level": "info", "message": "forged"}',
    "\x00\x1b[31m\x7f",
    "half a pair \udc80",
    "é😀" * 40,
]


def record_of(message: str, *args: object, error: bool = False) -> logging.LogRecord:
    return logging.LogRecord("app.gui", logging.WARNING, __file__, 1, message, args, sys.exc_info() if error else None)


def parsed(record: logging.LogRecord) -> dict[str, Any]:
    line = HubJsonFormatter("web", log_context.current).format(record)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < LINE_BYTES
    found: dict[str, Any] = json.loads(line)
    json.dumps(found, ensure_ascii=False).encode()  # no half of a surrogate pair
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_neither_breaks_a_line_nor_adds_a_field(text: str) -> None:
    found = parsed(record_of("File %s", text))
    assert found["level"] == "warning"
    assert found.keys() == {"time", "level", "process", "pid", "logger", "message"}
    assert found["message"] == f"File {text}".replace("\udc80", "\\udc80")


@pytest.mark.parametrize("character", ["x", "\n", "é", "😀"])
def test_a_long_message_keeps_its_beginning_and_its_end(character: str) -> None:
    message = parsed(record_of("%s", f"begin{character * 10_000}end"))["message"]
    assert message.startswith(f"begin{character}")
    assert message.endswith(f"{character}end")
    assert " ... " in message


def test_a_long_traceback_is_cut_before_the_message() -> None:
    try:
        raise ValueError("cause " + "x" * 9000 + " end")
    except ValueError:
        found = parsed(record_of("Job %d failed", 12, error=True))
    assert found["message"] == "Job 12 failed"
    assert found["error"].startswith("Traceback")
    assert found["error"].endswith(" end")


def test_a_message_whose_arguments_do_not_fit_is_not_lost() -> None:
    assert parsed(record_of("Job %d failed", "twelve"))["message"] == "Job %d failed ('twelve',)"


def test_lines_have_the_request_the_run_and_the_job_that_they_belong_to() -> None:
    with log_context.during(request="abcdefgh", job=12):
        log_context.add(run=380399, task=None)
        found = parsed(record_of("Registered"))
        text = HubTextFormatter().format(record_of("Registered"))
    assert (found["request"], found["job"], found["run"]) == ("abcdefgh", 12, 380399)
    assert text.endswith("WARNING app.gui: Registered [request abcdefgh, job 12, run 380399]")
    assert not log_context.current()


def test_a_message_about_a_request_that_no_thread_works_for_has_its_id_where_others_have_it() -> None:
    record = record_of("Request refused")
    vars(record).update(about_request("ijklmnop"))
    with log_context.during(request="abcdefgh", job=12):
        found, text = parsed(record), HubTextFormatter().format(record)
    assert (found["message"], found["request"], found["job"]) == ("Request refused", "ijklmnop", 12)
    assert text.endswith(" WARNING app.gui: Request refused [request ijklmnop, job 12]")
    assert TextFormatter().format(record).endswith(" WARNING app.gui: Request refused [request ijklmnop]")


def test_text_from_outside_makes_no_line_of_its_own_in_a_log_for_people() -> None:
    forged = "\n2026-11-30 04:00:00,000 ERROR audit: forged \x1b[31m\u202e"
    try:
        raise ValueError(forged)
    except ValueError:
        lines = HubTextFormatter().format(record_of("The provider says evil%s", forged, error=True)).split("\n")
    assert lines[0].endswith(r"evil\n2026-11-30 04:00:00,000 ERROR audit: forged \x1b[31m\u202e")
    assert all(line.startswith("  ") for line in lines[1:])
    assert not any(letter in line for line in lines for letter in "\x1b\u202e")
