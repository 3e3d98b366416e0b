"""Log lines, the same from all processes: as text for people, or in JSON: one object on one line, whatever the text in it.

Fields of JSON: time (UTC, ISO 8601), level, process (web, live, worker, mirror, ...), pid, logger, message, context (request, run,
job, task), and `error`, the traceback.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

LOG_FORMATS = ("text", "json")

REQUEST_ID = "dqmhub.request_id"
"""Key in the WSGI environment of the id that the application has given to a request."""

LINE_BYTES = 4096
"""Longest line. Linux writes no more to a pipe as a whole, so lines of several processes would mix; journald takes 48 KB."""

LONG_FIELDS = ("error", "message")
"""Fields that are shortened, in this order."""


_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that end a line, drive a terminal, or reverse the order of others."""


def escaped(text: str) -> str:
    """A text on one line: with escapes such as \\n in place of control characters."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


class TextFormatter(logging.Formatter):
    """Formats a record as a line for people, and its traceback as indented lines: whatever the text, none looks like another record."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def context(self, record: logging.LogRecord) -> Mapping[str, object]:
        """What is at the end of the line, for example [request 4f1d..., job 12]."""
        return context_of(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without traceback."""
        context = ", ".join(f"{name} {value}" for name, value in self.context(record).items())
        return escaped(super().formatMessage(record)) + (f" [{context}]" if context else "")

    def formatException(self, ei: Any) -> str:
        """The indented traceback."""
        return "\n".join(f"  {escaped(line)}" for line in super().formatException(ei).split("\n"))


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object in ASCII."""

    def __init__(self, process: str, context: Callable[[], Mapping[str, object]] = dict) -> None:
        """
        Args:
            process: Name of the kind of process.
            context: Returns the fields of the calling thread, such as request and job.
        """
        super().__init__()
        self.process = process
        self.context = context

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without a line end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self.process,
            "pid": record.process,
            "logger": record.name,
            "message": message_of(record),
            **self.context(),
            **context_of(record),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = self.formatException(record.exc_info)
        return encode(line)


def about_request(request_id: str) -> dict[str, Mapping[str, object]]:
    """The argument `extra` of a message about a request that no thread works for, as one that the server refuses by itself."""
    return {"context": {"request": request_id}}


def context_of(record: logging.LogRecord) -> Mapping[str, object]:
    """The fields that a message has been given with `extra`."""
    found: Mapping[str, object] = getattr(record, "context", {})
    return found


def message_of(record: logging.LogRecord) -> str:
    """The message; one whose arguments do not fit is shown as it is, and not lost."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args!r}"


def encode(line: Mapping[str, object]) -> str:
    """A line as JSON in ASCII, of at most LINE_BYTES with its end: the middle of long texts is cut."""
    values = {name: _clean(value) for name, value in line.items()}
    text = json.dumps(values, default=str)
    for name in LONG_FIELDS:
        whole = str(values.get(name, ""))
        length = len(whole)
        while len(text) >= LINE_BYTES and length:
            length //= 2
            values[name] = f"{whole[: length // 2]} ... {whole[len(whole) - length // 2 :]}"
            text = json.dumps(values, default=str)
    return text


def _clean(value: object) -> object:
    """Text without halves of surrogate pairs, as names of files may have them: they are no valid JSON."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def log_uncaught_errors() -> None:
    """Log errors that end the process or a thread, and warnings, instead of writing them to standard error line by line."""

    def log_error(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        logging.getLogger("process").critical("The process ends by an error", exc_info=(kind, error, traceback))

    def log_thread_error(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not issubclass(arguments.exc_type, SystemExit):
            error = arguments.exc_type, arguments.exc_value, arguments.exc_traceback
            logging.getLogger("process").error("A thread ended by an error", exc_info=error)

    def log_lost_error(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_value is not None:
            error = lost.exc_type, lost.exc_value, lost.exc_traceback
            logging.getLogger("process").error("An error in %r was ignored", lost.object, exc_info=error)

    sys.excepthook = log_error
    threading.excepthook = log_thread_error
    sys.unraisablehook = log_lost_error
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a message that cannot be written would add a traceback of several lines
