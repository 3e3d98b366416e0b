"""Files of this product, `<SUBSYSTEM>/<anything>.toml`: a table `[[trend]]` for each trend."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from app.trends.configs.config import KEYS, ConfigProblem, Place, TrendConfig, read_config

SUFFIX = ".toml"
FIELDS = ("name", *KEYS.values())
_KEY = re.compile(r"""[ \t]*["']?([A-Za-z0-9_-]+)["']?[ \t]*=""")
_TABLE = re.compile(r"^[ \t]*\[\[\s*trend\s*\]\]", re.MULTILINE)


def read(text: str, subsystem: str, file: str) -> Iterator[TrendConfig | ConfigProblem]:
    """The trends of a file in their order, and the problems of those that cannot be used."""
    try:
        trends = tomllib.loads(text).get("trend", [])
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"line (\d+)", str(error))
        yield ConfigProblem(Place(file, int(match[1]) if match else 1), f"The file is no TOML: {error}")
        return
    lines = [text.count("\n", 0, match.start()) + 1 for match in _TABLE.finditer(text)]
    if not isinstance(trends, list) or len(lines) != len(trends) or not trends:
        yield ConfigProblem(Place(file, 1), "The file has no trends; right would be a table [[trend]] for each")
        return
    ends = [*lines[1:], text.count("\n") + 2]
    for line, end, trend in zip(lines, ends, trends, strict=True):
        yield from _read_trend(trend, subsystem, Place(file, line), _lines_of_fields(text, line, end))


def _read_trend(trend: Any, subsystem: str, place: Place, lines: dict[str, int]) -> Iterator[TrendConfig | ConfigProblem]:
    if not isinstance(trend, dict):
        yield ConfigProblem(place, "The trend is no table; right would be fields below [[trend]]")
        return
    if problems := list(_problems(trend)):
        for key, reason in problems:
            yield ConfigProblem(place._replace(line=lines.get(key, place.line)), reason)
        return
    fields = {key: str(value).strip() for key, value in trend.items()}
    yield from read_config(subsystem, fields.pop("name", ""), fields, place, lines)


def _lines_of_fields(text: str, first: int, end: int) -> dict[str, int]:
    """The line of each field of the table from line `first` to the one before `end`."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n")[first - 1 : end - 1], first):
        if match := _KEY.match(line):
            found.setdefault(match[1], number)
    return found


def _problems(trend: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a trend that are unknown, or of another type, and the reasons."""
    for key, value in trend.items():
        if key not in FIELDS:
            near = get_close_matches(key, FIELDS, 1)
            yield key, f"There is no field {key}; " + (f"the nearest is {near[0]}" if near else f"right would be {', '.join(FIELDS)}")
        elif not isinstance(value, int if key == "threshold" else str) or isinstance(value, bool):
            yield key, f"{key} is {value!r}; right would be {'a whole number' if key == 'threshold' else 'a text in quotes'}"


def written(configs: Iterable[TrendConfig]) -> str:
    """A file with these trends, which `read` reads back."""
    return "\n".join("[[trend]]\n" + "".join(map(_line, FIELDS, (getattr(config, name) for name in FIELDS))) for config in configs)


def _line(name: str, value: str | int) -> str:
    """A field and its value; "" for one that a reader supposes without it."""
    if not value:
        return ""
    text = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which TOML forbids in quotes, and JSON does not
    return f"{name} = {text}\n"
