"""A display group, its rules, and its JSON in the form of the original (HDQM)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.trends.groups.errors import InvalidGroup

PREFIX = "plot:"
"""Stands before names of trends in some of the original's files; names are meant without it."""

FIELDS = ("name", "plot_title", "y_title", "subsystem", "correlation", "series")
ADDED = ("id", "version", "missing")
"""Fields that the API adds, and takes back."""

MAX_TEXT = 200
"""Letters of a name or title; the longest of the original has 49."""

MAX_SERIES = 100
"""Series of a group; the largest of the original has 20."""

CORRELATED = (2, 3)
"""Numbers of series that can be drawn against each other."""


class DisplayGroup(NamedTuple):
    """A chart that experts defined. Its identity is (subsystem, name).

    Attributes:
        title: May hold HTML, as titles of trends.
        correlation: Whether its two or three series are drawn against each other instead of along the runs.
        series: Names of trends of the subsystem, in order; a name that no configuration has is kept, and shown as missing.
    """

    name: str
    title: str
    y_title: str
    subsystem: str
    correlation: bool
    series: tuple[str, ...]

    @property
    def json(self) -> dict[str, Any]:
        """The group in the original's form."""
        return {
            "name": self.name,
            "plot_title": self.title,
            "y_title": self.y_title,
            "subsystem": self.subsystem,
            "correlation": self.correlation,
            "series": list(self.series),
        }


def group_from_json(value: Any) -> DisplayGroup:
    """The group of an object in the original's form, checked. Raises InvalidGroup.

    Without `plot_title` the name is the title; without `y_title` or `correlation` there is none.
    """
    if not isinstance(value, dict):
        raise InvalidGroup([("group", f"expected an object with name, subsystem and series, not {json.dumps(value)[:100]}")])
    wrong = [(name, "is missing") for name in ("name", "subsystem", "series") if name not in value]
    unknown = [name for name in value if name not in (*FIELDS, *ADDED)]
    wrong += [("group", f"{name[:50]!r} is no field of a group; right would be {', '.join(FIELDS)}") for name in unknown[:5]]
    texts = {name: value.get(name, "") for name in ("name", "plot_title", "y_title", "subsystem")}
    wrong += [(name, f"expected a text, not {json.dumps(text)[:100]}") for name, text in texts.items() if not isinstance(text, str)]
    correlation, series = value.get("correlation", False), value.get("series", [])
    if not isinstance(correlation, bool):
        wrong.append(("correlation", f"expected true or false, not {json.dumps(correlation)[:100]}"))
    if not isinstance(series, list) or not all(isinstance(name, str) for name in series):
        wrong.append(("series", f"expected a list of names of trends, not {json.dumps(series)[:100]}"))
    if wrong:
        raise InvalidGroup(wrong)
    title = value.get("plot_title", texts["name"])
    names = tuple(name.removeprefix(PREFIX) for name in series)
    return checked(DisplayGroup(texts["name"], title, texts["y_title"], texts["subsystem"], correlation, names))


def checked(group: DisplayGroup) -> DisplayGroup:
    """The group, if it can be stored. Raises InvalidGroup with all that is wrong, and what would be right."""
    wrong = [*_wrong_texts(group)]
    if not 1 <= len(group.series) <= MAX_SERIES:
        wrong.append(("series", f"expected 1 to {MAX_SERIES} names of trends, not {len(group.series)}"))
    wrong += [("series", problem) for name in group.series if (problem := _problem(name, required=True))]
    if group.correlation and (count := len(set(group.series))) not in CORRELATED:
        wrong.append(("correlation", f"needs exactly 2 or 3 series, not {count}"))
    if wrong:
        raise InvalidGroup(wrong)
    return group


def _wrong_texts(group: DisplayGroup) -> Iterable[tuple[str, str]]:
    texts = {"name": group.name, "title": group.title, "y_title": group.y_title, "subsystem": group.subsystem}
    for field, text in texts.items():
        if field == "title" and text == group.name:
            continue  # a name without a title is wrong once
        if problem := _problem(text, required=field in ("name", "subsystem")):
            yield field, problem
    if "/" in group.subsystem or group.subsystem in (".", ".."):
        yield "subsystem", "expected the name of a folder of configurations, such as PixelPhase1"


def _problem(text: str, *, required: bool) -> str:
    """What is wrong with a text, and what would be right; "" if nothing is."""
    if required and not text.strip():
        return "expected a text, not an empty one"
    if len(text) > MAX_TEXT:
        return f"expected at most {MAX_TEXT} letters, not {len(text)}"
    return "" if text.isprintable() else f"expected letters that can be printed, not {text[:50]!r}"
