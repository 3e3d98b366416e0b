"""Log messages of the transfer: one line each, whatever the names of files are, as text or as JSON.

The fields of JSON are those of the other services of DQM Hub, see `protocol.log_lines`, which a transfer does not have.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")

LINE_BYTES = 4096
"""Longest line in JSON: so much is written to a pipe as a whole."""


def one_line(text: str) -> str:
    """The text with escapes in place of line ends and other characters that cannot be printed."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class OneLineFormatter(logging.Formatter):
    """Formats a record as one line, with its exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return one_line(super().format(record))


class JsonLineFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; a long message is cut."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": f"transfer-{self.mode}",
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage().encode(errors="backslashreplace").decode(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        text = json.dumps(line)
        for name in ("error", "message"):
            while len(text) >= LINE_BYTES and line.get(name):
                line[name] = str(line[name])[: len(str(line[name])) // 2]
                text = json.dumps(line)
        return text


def start_logging(level: str, format: str, mode: str) -> None:
    """Write log messages to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLineFormatter(mode) if format == "json" else OneLineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
