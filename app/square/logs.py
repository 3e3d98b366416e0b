"""The log of a job as lines that can be shown: levels told apart, control characters made harmless, the start and end joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

LONGEST = 4096
"""Characters of one line that are shown; a download has all of it."""

SHOWN = 5000
"""Lines of one page of a log."""

CHUNK = 1 << 20

LEAST_OVERLAP = 3
"""Fewer equal lines at the end of the start and the start of the end are a chance."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = {code: 0x2400 + code for code in range(32) if code not in (9,)} | {127: 0x2421}
_CONTROL |= dict.fromkeys((*range(128, 160), *range(8234, 8239), *range(8294, 8298), *range(55296, 57344)), 65533)
"""Control characters as the signs for them; those that turn the direction of text, and halves of letters, as the sign for a fault."""

_MESSAGE = re.compile(r"%MSG(?:-([ewisd]))?")
_LEVELS = {"e": "error", "w": "warning"}
_FATAL = re.compile(
    r"Begin Fatal Exception|A fatal system signal has occurred|Segmentation fault|Assertion .* failed|std::terminate|Killed$"
)
_WARNING = re.compile(r"\bWARN(?:ING)?\b")
_ERROR = re.compile(r"\b(?:ERROR|FATAL|Traceback \(most recent call last\))")
_EXIT = re.compile(r"-- process exit: (-?\d+) --")


class Line(NamedTuple):
    """A line to show. number: from 1, over start and end; level: "error", "warning" or ""; cut: characters that are not shown."""

    number: int
    text: str
    level: str
    cut: int


class Log(NamedTuple):
    """The lines that are known of a log; gap: the number of lines before the missing middle, None when nothing is missing."""

    lines: list[str]
    gap: int | None


def clean(text: str) -> str:
    """A text without colours of terminals, and with its control characters as signs that can be seen."""
    return _ANSI.sub("", text).translate(_CONTROL)


def join(start: list[str], end: list[str]) -> Log:
    """The stored first and last lines as one log, where they overlap."""
    if not start or not end:
        return Log(_split(start or end), None)
    common = overlap(start, end)
    if common:
        return Log(_split([*start, *end[common:]]), None)
    first = _split(start)
    return Log([*first, *_split(end)], len(first))


def end_of(file: IO[bytes], most: int) -> tuple[list[str], int]:
    """The lines in the last bytes of a file, at most so many, and how many lines are before them."""
    begin = max(0, file.seek(0, 2) - most)
    file.seek(begin)
    end = file.read()
    if begin and (cut := end.find(b"\n", 0, -1) + 1):  # the first line is not whole
        begin, end = begin + cut, end[cut:]
    file.seek(0)
    before = 0
    while left := begin - file.tell():
        before += file.read(min(left, CHUNK)).count(b"\n")
    return end.decode("utf-8", "replace").removesuffix("\n").split("\n"), before


def overlap(start: list[str], end: list[str]) -> int:
    """How many of the last lines of `start` are the first of `end`."""
    for count in range(min(len(start), len(end)), LEAST_OVERLAP - 1, -1):
        if start[-count:] == end[:count]:
            return count
    return len(start) if start == end else 0


def _split(items: list[str]) -> list[str]:
    """Items of a stored log as lines: an item may hold several, and ends with its line's end."""
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
    """Each line with its level; a message of CMSSW goes from %MSG-e or %MSG-w to %MSG, an exception from its begin to its end."""
    within = ""
    for line in lines:
        text = line[: LONGEST * 2]  # a megabyte in one line needs no search for words
        message = _MESSAGE.match(text)
        if message:
            within = _LEVELS.get(message[1] or "", "")
            yield line, within or ""
        elif "Begin Fatal Exception" in text:
            within = "error"
            yield line, "error"
        else:
            yield line, within or _line_level(text)
            if "End Fatal Exception" in text:
                within = ""


def shown(lines: list[str], words: str = "", level: str = "", first: int = 1) -> list[Line]:
    """The lines to show: those that hold `words` (upper and lower case alike) and are of this level, or all; first: number of the first."""
    wanted = words.casefold()
    found = []
    for number, (line, of) in enumerate(levels(lines), first):
        if (not level or of == level) and (not wanted or wanted in line.casefold()):
            text = clean(line[:LONGEST])
            found.append(Line(number, text, of, max(0, len(line) - LONGEST)))
    return found


def exit_code(lines: list[str]) -> int | None:
    """The exit code that the last lines tell, if they do."""
    for line in reversed(lines[-5:]):
        if found := _EXIT.search(line):
            return int(found[1])
    return None
