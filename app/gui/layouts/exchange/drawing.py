"""Drawing options of a plot in documents: `{"y": {"type": "log", "min": 0.1}, "options": "COLZ"}`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from app.core.input_problems import InputProblems
from app.gui.layouts.exchange.fields import MAX_NAME_CHARS, DocumentFields, label, named_values, text_problem
from app.gui.layouts.layout import AXES, AXIS_LIMITS, DRAWN

TYPES = ("lin", "log")
REFERENCE = "withref"
"""Name among the options of the classic forms for whether references are drawn."""

MAX_EXTRA = 50
MAX_CLASSIC = MAX_EXTRA + len(DRAWN) + 1
"""Options of a plot in the classic forms, which have them and the policy of references in one object."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_draw(value: Any, place: str, problems: InputProblems) -> tuple[tuple[str, str], ...]:
    """The options with the names of the classic DQM GUI, such as `ymin`, and their values as written."""
    fields = DocumentFields(value, place, (*AXES, "options", "extra"), problems)
    return ordered(_options(fields, problems))


def read_classic_draw(value: Any, place: str, problems: InputProblems) -> dict[str, str]:
    """The options of an object that has them by their names in the classic DQM GUI, in the order of the object."""
    options = named_values(value, place, MAX_CLASSIC, problems).items()
    return dict(option for name, written in options for option in checked_option(name, written, f"{place}.{name}", problems))


def ordered(options: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Drawing options in the order of DRAWN, then the others, so that equal options compare equal."""
    places = {name: place for place, name in enumerate(DRAWN)}
    return tuple(sorted(options, key=lambda option: (places.get(option[0], len(places)), option[0])))


def _options(fields: DocumentFields, problems: InputProblems) -> Iterator[tuple[str, str]]:
    for name, value in fields.values.items():
        if name in AXES:
            axis = DocumentFields(value, fields.field(name), ("type", *AXIS_LIMITS), problems)
            for option, written in axis.values.items():
                yield from checked_option(name + option, written, axis.field(option), problems)
        elif name == "options":
            yield from checked_option("drawopts", value, fields.field(name), problems)
        elif name == "extra":
            yield from _extra(value, fields.field(name), problems)


def _extra(value: Any, place: str, problems: InputProblems) -> Iterator[tuple[str, str]]:
    for name, written in named_values(value, place, MAX_EXTRA, problems).items():
        if name in DRAWN:
            problems.add(f"{place}.{name}", "This option has a field of its own; expected it in x, y, z or options")
        elif name == REFERENCE:
            problems.add(f"{place}.{name}", "This option has a field of its own; expected it in reference of the plot")
        else:
            yield from checked_option(name, written, f"{place}.{name}", problems)


def checked_option(name: str, value: Any, place: str, problems: InputProblems) -> Iterator[tuple[str, str]]:
    """The option with this name of the classic DQM GUI; none, and a problem, if its value is wrong."""
    problem = _limit_problem(value) if name[1:] in AXIS_LIMITS else _word_problem(name, value)
    if problem:
        problems.add(place, problem)
    else:
        yield name, str(value)


def _word_problem(name: str, value: Any) -> str:
    if name[:1] in AXES and name[1:] == "type" and value not in TYPES:
        return f"Expected {' or '.join(TYPES)}, not {label(value)}"
    return text_problem(name, MAX_NAME_CHARS) or text_problem(value, MAX_NAME_CHARS)


def _limit_problem(value: Any) -> str:
    """The problem of a limit: it must be a number, or a text that the renderer reads as one. Python's float() accepts more, such as 1_000."""
    try:
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    except ValueError:  # too many digits
        text = ""
    is_number = len(text) <= MAX_NAME_CHARS and _NUMBER.fullmatch(text) and math.isfinite(float(text))
    return "" if is_number else f"Expected a number, not {label(value)}"
