"""Log messages of the transfer: one line each, whatever the names of files are."""

from __future__ import annotations

import logging

LOG_LEVELS = ("debug", "info", "warning", "error")


def one_line(text: str) -> str:
    """The text with escapes in place of line ends and other characters that cannot be printed."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class OneLineFormatter(logging.Formatter):
    """Formats a record as one line, with its exception if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return one_line(super().format(record))


def start_logging(level: str) -> None:
    """Write log messages to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
