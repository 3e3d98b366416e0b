"""The original's files, `<SUBSYSTEM>/<anything>.ini`: a section for each trend."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

from app.trends.configs.config import KEYS, ConfigProblem, Place, TrendConfig, read_config

SUFFIX = ".ini"
_HEADER = re.compile(r"\[(.+)\]")
_KEY = re.compile(r"(\w[^=:]*)[=:]")


def read(text: str, subsystem: str, file: str) -> Iterator[TrendConfig | ConfigProblem]:
    """The trends of a file in their order, and the problems of those that cannot be used."""
    for line, section in _sections(text):
        place = Place(file, line)
        if not _HEADER.match(section):
            yield ConfigProblem(place, "The text before the first section is no part of a trend")
            continue
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(section)
        except configparser.ParsingError as error:
            for number, _ in error.errors:
                yield ConfigProblem(place._replace(line=line + number - 1), "The line is no assignment; right would be key = text")
            continue
        except configparser.Error as error:
            yield ConfigProblem(place, f"The section cannot be read: {' '.join(str(error).split())}")
            continue
        for name in parser.sections():  # one, or none for [DEFAULT]
            fields = {KEYS[key]: value.strip() for key, value in parser[name].items() if key in KEYS}
            yield from read_config(subsystem, name, fields, place, _lines_of_fields(section, line))


def _lines_of_fields(section: str, first: int) -> dict[str, int]:
    """The line of each field of a section; the last one counts, as for its value."""
    found = {}
    for number, line in enumerate(section.splitlines(), first):
        if (match := _KEY.match(line)) and (field := KEYS.get(match[1].strip().lower())):
            found[field] = number
    return found


def _sections(text: str) -> Iterator[tuple[int, str]]:
    """The lines of each section as one text, with the number of its first line; also text before the first section."""
    start, lines = 0, list[str]()
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if _HEADER.match(line):
            if start:
                yield start, "".join(lines)
            start, lines = number, []
        if lines or _HEADER.match(line) or _is_text(line):
            start = start or number
            lines.append(line)
    if start:
        yield start, "".join(lines)


def _is_text(line: str) -> bool:
    """Whether a line is neither empty nor a comment."""
    return not line.strip().startswith(("#", ";")) and bool(line.strip())
