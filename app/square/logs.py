"""Logs of jobs as lines: start and end joined, levels recognised, control characters made visible."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

from app.web.links import NavLink

MAX_LINE_CHARS = 4096
"""Characters of a line on a page; a download has the whole line."""

PAGE_LINES = 5000
"""Lines on one page of a log."""

CHUNK = 1 << 20

MIN_OVERLAP = 3
"""Fewer equal lines at the end of the start and the start of the end are considered a coincidence."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = {code: 0x2400 + code for code in range(32) if code not in (9,)} | {127: 0x2421}
_CONTROL |= dict.fromkeys((*range(128, 160), *range(8234, 8239), *range(8294, 8298), *range(55296, 57344)), 65533)
"""Control characters as their symbols; those that change the direction of text, and lone surrogates, as the replacement character."""

_MESSAGE = re.compile(r"%MSG(?:-([ewisd]))?")
_LEVELS = {"e": "error", "w": "warning"}
_FATAL = re.compile(
    r"Begin Fatal Exception|A fatal system signal has occurred|Segmentation fault|Assertion .* failed|std::terminate|Killed$"
)
_WARNING = re.compile(r"\bWARN(?:ING)?\b")
_ERROR = re.compile(r"\b(?:ERROR|FATAL|Traceback \(most recent call last\))")
_EXIT = re.compile(r"-- process exit: (-?\d+) --")


class LogLine(NamedTuple):
    """A line of a log on a page."""

    number: int  # from 1, over start and end
    text: str
    level: str  # error, warning or ""
    cut: int  # number of characters beyond MAX_LINE_CHARS


@dataclass(frozen=True, kw_only=True)
class ShownLines:
    """Values of the templates of every page that shows a log.

    Attributes:
        name: Of the job or client.
        total, matches: Lines of the log, and those that match search and level.
        gap: Number of lines before the part that is left out; None: nothing is.
        words, level, levels: The search, the level, and links to each level.
        is_polled, poll, poll_s: Whether the page asks again, at which address, and the pause.
        older, newer: Addresses of the earlier and the later lines; "" for none.
        open_at: Number of the first error of a failed job, at which its log opens.
    """

    name: str
    lines: list[LogLine]
    total: int
    matches: int
    gap: int | None
    words: str
    level: str
    levels: list[NavLink]
    is_polled: bool
    poll: str
    poll_s: float
    older: str
    newer: str
    open_at: int | None


def level_labels(levels: Sequence[str]) -> dict[str, str]:
    """The words for each level with the number of its lines. levels: of all lines."""
    return {"": "All lines", "error": f"{levels.count('error')} error lines", "warning": f"{levels.count('warning')} warning lines"}


class JoinedLog(NamedTuple):
    """The stored lines of a log."""

    lines: list[str]
    gap: int | None  # number of lines before the part that is not stored; None if the log is complete


GAP_TEXT = "... (lines that are not stored) ..."


def log_text(lines: list[str], gap: int | None) -> str:
    """A stored log as one text, with a line in place of the part that is not stored. gap: as in `JoinedLog`."""
    parts = lines if gap is None else [*lines[:gap], "", GAP_TEXT, "", *lines[gap:]]
    return "\n".join(parts) + "\n"


def visible_text(text: str) -> str:
    """A text without terminal colours, and with its control characters as visible symbols."""
    return _ANSI.sub("", text).translate(_CONTROL)


def join_log(start: list[str], end: list[str]) -> JoinedLog:
    """The stored first and last lines as one log, joined where they overlap."""
    if not start or not end:
        return JoinedLog(_split(start or end), None)
    common = overlap(start, end)
    if common:
        return JoinedLog(_split([*start, *end[common:]]), None)
    first = _split(start)
    return JoinedLog([*first, *_split(end)], len(first))


def read_tail(file: IO[bytes], max_bytes: int) -> tuple[list[str], int]:
    """The whole lines in the last `max_bytes` of a file, and the number of lines before them."""
    begin = max(0, file.seek(0, 2) - max_bytes)
    file.seek(begin)
    end = file.read()
    if begin and (cut := end.find(b"\n", 0, -1) + 1):  # the first line is incomplete
        begin, end = begin + cut, end[cut:]
    file.seek(0)
    before = 0
    while left := begin - file.tell():
        before += file.read(min(left, CHUNK)).count(b"\n")
    return end.decode("utf-8", "replace").removesuffix("\n").split("\n"), before


def overlap(start: list[str], end: list[str]) -> int:
    """The number of last lines of `start` that are the first lines of `end`."""
    for count in range(min(len(start), len(end)), MIN_OVERLAP - 1, -1):
        if start[-count:] == end[:count]:
            return count
    return len(start) if start == end else 0


def _split(items: list[str]) -> list[str]:
    """Items of a stored log as lines: an item may contain several, and ends with a newline."""
    lines = []
    for item in items:
        lines += item.removesuffix("\n").split("\n")
    return lines


def _line_level(text: str) -> str:
    if _FATAL.search(text) or _ERROR.search(text):
        return "error"
    found = _EXIT.search(text)
    if found:
        return "error" if found[1] != "0" else ""
    return "warning" if _WARNING.search(text) else ""


def levels(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each line with its level. CMSSW messages extend from %MSG-e or %MSG-w to %MSG, exceptions from their begin to their end."""
    within = ""
    for line in lines:
        text = line[: MAX_LINE_CHARS * 2]  # searching lines of megabytes would take long
        message = _MESSAGE.match(text)
        if message:
            within = _LEVELS.get(message[1] or "", "")
            yield line, within
        elif "Begin Fatal Exception" in text:
            within = "error"
            yield line, "error"
        else:
            yield line, within or _line_level(text)
            if "End Fatal Exception" in text:
                within = ""


def first_error(lines: list[LogLine]) -> int | None:
    """The number of the first line with an error, at which the log of a crashed job opens."""
    return next((line.number for line in lines if line.level == "error"), None)


def select_lines(lines: list[str], words: str = "", level: str = "", first: int = 1) -> list[LogLine]:
    """The lines that contain `words` (case-insensitive) and have this level.

    Args:
        words: "" selects all lines.
        level: "" selects all levels.
        first: Number of the first line.
    """
    wanted = words.casefold()
    found = []
    for number, (line, line_level) in enumerate(levels(lines), first):
        if (not level or line_level == level) and (not wanted or wanted in line.casefold()):
            text = visible_text(line[:MAX_LINE_CHARS])
            found.append(LogLine(number, text, line_level, max(0, len(line) - MAX_LINE_CHARS)))
    return found
