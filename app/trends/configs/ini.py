"""The original's files, `<SUBSYSTEM>/<anything>.ini`: a section for each trend."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

from app.trends.configs.config import KEYS, ConfigProblem, Place, TrendConfig, make_config
from app.trends.errors import ConfigError

SUFFIX = ".ini"
_HEADER = re.compile(r"\[(.+)\]")


def read(text: str, subsystem: str, file: str) -> Iterator[TrendConfig | ConfigProblem]:
    """The trends of a file in their order, and a problem in place of each that cannot be used."""
    for line, section in _sections(text):
        if not _HEADER.match(section):
            yield ConfigProblem(Place(file, line), "The text before the first section is no part of a trend")
            continue
        place = Place(file, line)
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(section)
            for name in parser.sections():  # one, or none for [DEFAULT]
                fields = {KEYS[key]: value.strip() for key, value in parser[name].items() if key in KEYS}
                yield make_config(subsystem, name, fields, place)
        except configparser.Error as error:
            yield ConfigProblem(place, f"The section cannot be read: {' '.join(str(error).split())}")
        except ConfigError as error:
            yield ConfigProblem(place, str(error))


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
