"""One trend as configured, and its problems."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from app.trends.errors import ConfigError
from app.trends.expressions import parse_metric

PREFIX = "plot:"
"""Stands before the names of trends in the original's files; names are meant without it."""

_NAME = re.compile(r"[A-Za-z0-9_+-]+")


class Place(NamedTuple):
    """Where a trend is configured."""

    file: str  # below the folder of configurations; of one made on a page its user and date
    line: int  # 0: not in a file

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class ConfigProblem(NamedTuple):
    """Something wrong in a file of configurations."""

    place: Place
    reason: str
    hides_trends: bool = True  # False for a remark: the trend is used, or another one in its place

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class TrendConfig(NamedTuple):
    """A trend as configured. Its identity is (subsystem, name)."""

    subsystem: str
    name: str
    metric: str  # the expression
    me: str  # path of the main ME, without run
    y_title: str
    title: str = ""
    histo1: str = ""  # paths of further MEs that the metric uses, or ""
    histo2: str = ""
    reference: str = ""
    threshold: int = 0  # a point from fewer entries is marked
    place: Place = Place("", 0)

    @property
    def version(self) -> str:
        """A hash of all that values depend on: titles and the place do not count."""
        parts = (self.metric, self.me, self.histo1, self.histo2, self.reference, self.threshold)
        return sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @property
    def paths(self) -> dict[str, str]:
        """The ME of each input of the metric that is configured; a / at the start, as some of the original's have, is left out."""
        named = {"main": self.me, "histo1": self.histo1, "histo2": self.histo2, "reference": self.reference}
        return {name: path.lstrip("/") for name, path in named.items() if path}


KEYS = {
    "metric": "metric",
    "relativepath": "me",
    "ytitle": "y_title",
    "plottitle": "title",
    "histo1path": "histo1",
    "histo2path": "histo2",
    "reference": "reference",
    "threshold": "threshold",
}
"""The keys of the original's files, in lower case, and the fields that they fill. Others are ignored, as there."""

REQUIRED = {"metric": "metric", "me": "relativePath (in TOML me)", "y_title": "yTitle (in TOML y_title)"}
"""The fields without which a trend is not usable, and their names in files."""


def read_config(
    subsystem: str, name: str, fields: Mapping[str, str], place: Place, lines: Mapping[str, int] = MappingProxyType({})
) -> Iterator[TrendConfig | ConfigProblem]:
    """The trend of a section, or each of its problems, and remarks about it.

    Args:
        fields: Texts by the names of fields.
        place: Of the section.
        lines: The line of each field, where the problems of the field are.
    """
    name = name.removeprefix(PREFIX)
    problems = list(_problems(name, fields))
    for field, reason in problems:
        yield ConfigProblem(place._replace(line=lines.get(field, place.line)), reason)
    if problems:
        return
    values = {field: text for field, text in fields.items() if field != "threshold"}
    yield TrendConfig(subsystem, name, place=place, threshold=int(fields.get("threshold") or 0), **values)
    for field in ("me", "histo1", "histo2", "reference"):
        if (path := fields.get(field, "")).startswith("/"):
            reason = f"{name}: the path {path} starts with /; right would be {path.lstrip('/')}, which is used"
            yield ConfigProblem(place._replace(line=lines.get(field, place.line)), reason, False)


def make_config(subsystem: str, name: str, fields: Mapping[str, str], place: Place) -> TrendConfig:
    """A trend from the texts of its fields. Raises `ConfigError` with all that is wrong and what would be right."""
    found = list(read_config(subsystem, name, fields, place))
    for each in found:
        if isinstance(each, TrendConfig):
            return each
    raise ConfigError("; ".join(each.reason for each in found if isinstance(each, ConfigProblem)))


def _problems(name: str, fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each problem of a trend that makes it unusable: the field, "" for the trend itself, and the reason."""
    if not _NAME.fullmatch(name):
        yield "name", f"The name {name!r} is not usable; right would be letters, digits, _, + and -"
    if missing := [label for field, label in REQUIRED.items() if not fields.get(field)]:
        yield "", f"{name} has no {' and no '.join(missing)}"
    for field, text in fields.items():
        if "\0" in text or (not text.isascii() and text != text.encode("utf-8", "replace").decode()):
            yield field, f"{name}: {field} has characters that are no text"
    if (threshold := fields.get("threshold")) and not re.fullmatch(r"[0-9]{1,9}", threshold):
        yield (
            "threshold",
            f"{name}: the threshold {threshold[:20]!r} is not usable; right would be a whole number below 1,000,000,000",
        )
    if metric := fields.get("metric"):
        try:
            parse_metric(metric)
        except ConfigError as error:
            yield "metric", str(error)
