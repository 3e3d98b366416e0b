"""Where log messages go and how they look: standard error, as text for people or as JSON for programs."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from app.core import log_context
from app.core.settings import LOG_LEVELS, Settings
from protocol.log_lines import JsonFormatter, TextFormatter, log_uncaught_errors

LEVEL_NUMBERS = dict(zip(LOG_LEVELS, (10, 20, 30, 40), strict=True))

CONNECTION_ERRORS = ("ConnectionError", "ConnectionRefusedError", "TimeoutError", "OperationalError", "InterfaceError")
"""Names of error classes of the system and of the drivers of Redis and PostgreSQL."""


class ShortTraceback(logging.Formatter):
    """Logs no traceback of connection errors, which every poll of a queue repeats while a server is unreachable."""

    def formatException(self, ei: Any) -> str:
        """The traceback, or one line for a connection error."""
        kind, error, _ = ei
        return f"{kind.__name__}: {error}".rstrip() if kind.__name__ in CONNECTION_ERRORS else super().formatException(ei)


class HubTextFormatter(TextFormatter, ShortTraceback):
    """A line for people, with request, run and job at its end."""

    def context(self, record: logging.LogRecord) -> Mapping[str, object]:
        """The fields of the thread, and those that the message has been given."""
        return {**log_context.current(), **super().context(record)}


class HubJsonFormatter(ShortTraceback, JsonFormatter):
    """A JSON object with request, run and job."""


STANDARD_ERROR = 2


def log_format(settings: Settings) -> str:
    """The format of the settings, but text for a person at a terminal, who reads it here and collects nothing."""
    return "text" if os.isatty(STANDARD_ERROR) else settings.log_format


def start_logging(settings: Settings, process: str) -> None:
    """Write the log messages of this process to standard error, as text or in JSON.

    Args:
        process: Name of the kind of process, such as web or worker.
    """
    handler = logging.StreamHandler()
    if log_format(settings) == "json":
        handler.setFormatter(HubJsonFormatter(process, log_context.current))
        log_uncaught_errors()
    else:
        handler.setFormatter(HubTextFormatter())
    logging.basicConfig(level=LEVEL_NUMBERS[settings.log_level], handlers=[handler])


def is_json() -> bool:
    """Whether this process logs in JSON."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)
