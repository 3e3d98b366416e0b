"""Drawing options of plots, in the addresses of pages and in layouts; the render API has the same names."""

from __future__ import annotations

import re

from werkzeug.datastructures import MultiDict

from app.web.fields import FieldProblem
from render.errors import OptionError
from render.options import Options

OPTIONS = ("stats", "norm", "errors", "ktest", "drawopts", *(f"{axis}{option}" for axis in "xyz" for option in ("type", "min", "max")))
"""Drawing options in addresses."""

COMPARISON_OPTIONS = ("norm", "ktest")
"""Drawing options of the form for references; the others are in the form for the display."""

LIST_COMPARISON_OPTIONS = (*COMPARISON_OPTIONS, "stats", "errors")
"""Drawing options of the form for references on pages of several plots."""

DrawingOptions = tuple[tuple[str, str], ...]
"""Names and values of drawing options, in the order of OPTIONS."""

SWITCHES = ("stats", "norm", "errors")
"""Drawing options that are true or false."""

_POINT_AT_END = re.compile(r"\.(?=$|[eE])")
"""The point of numbers such as `5.`, which fields for numbers in HTML do not take."""


def usable_options(typed: dict[str, str], prefix: str = "") -> tuple[DrawingOptions, list[FieldProblem]]:
    """Those of the typed drawing options that can be drawn, and the problems of the others. prefix: before names in the problems."""
    options, problems = {name: typed[name] for name in OPTIONS if typed.get(name)}, []
    while True:
        try:
            Options.from_query(MultiDict(options))
        except OptionError as error:
            problems.append(FieldProblem(prefix + error.field, options.pop(error.field), error.problem))
        else:
            return tuple((name, spelt) for name, value in options.items() if (spelt := _spelt(name, value))), problems


def _spelt(name: str, value: str) -> str:
    """The value of a drawing option as the forms of pages write it, "" for the default scale of an axis."""
    if name in SWITCHES:
        return {"1": "true", "0": "false"}.get(value, value.lower())
    if name.endswith("type"):
        return value.replace("def", "")
    return value if name == "drawopts" else _POINT_AT_END.sub("", value.removeprefix("+"))


def in_order(options: dict[str, str]) -> DrawingOptions:
    """Drawing options in the order of OPTIONS."""
    return tuple((name, options[name]) for name in OPTIONS if name in options)
