"""Arguments of addresses: numbers and choices, with one kind of error."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from flask import request
from werkzeug.routing import IntegerConverter

from app.web.problem import Problem


class AsciiIntegerConverter(IntegerConverter):
    """`<int:...>` of addresses in ASCII digits only: werkzeug takes those of every script, so a page had many addresses.

    More digits than any number here has are no number for the search of a rule: int() would refuse them only after rules of
    other methods have matched, and the answer would be 405.
    """

    regex = "[0-9]{1,50}"


LARGEST_RUN = 2**62
"""Largest number that every table can hold."""


def int_arg(name: str, default: int, highest: int = LARGEST_RUN) -> int:
    """The argument `name` as a whole number from 0 to `highest`; `default` if it is missing. Raises Problem 400."""
    text = request.args.get(name, "")
    if not text:
        return default
    number = parse_int(text, highest)
    if number is None:
        raise Problem(400, f"The value of {name} cannot be used", [(name, f"Expected a whole number from 0 to {highest}")])
    return number


def parse_int(text: str, highest: int = LARGEST_RUN) -> int | None:
    """The number of a text of ASCII digits if it is at most `highest`, otherwise None."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):  # int() is slow for long texts
        return None
    number = int(text)
    return number if number <= highest else None


def float_arg(name: str, default: float, highest: float) -> float:
    """The argument `name` as a number from 0 to `highest`; `default` if it is missing. Raises Problem 400."""
    text = request.args.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not 0 <= number <= highest:
        raise Problem(400, f"The value of {name} cannot be used", [(name, f"Expected a number from 0 to {highest:g}")])
    return number


def choice_arg(name: str, choices: Sequence[str]) -> str:
    """The argument `name`, one of `choices`; the first of them if it is missing. Raises Problem 400."""
    text = request.args.get(name, choices[0])
    if text not in choices:
        problem = "Expected one of " + ", ".join(value for value in choices if value)
        raise Problem(400, f"The value of {name} cannot be used", [(name, f"{problem}, not {text[:100]!r}")])
    return text


TRACKING = ("utm_", "fbclid", "gclid")
"""Beginnings of arguments that programs add to links which they pass on."""


def unknown_argument(known: Iterable[str]) -> str:
    """What is wrong with the first argument that an address does not know, which may be a slip for one of `known`; "" if all are known."""
    names = sorted(known)
    for name in request.args:
        if name not in names and not name.startswith(TRACKING):
            near = get_close_matches(name.lower()[:100], names, 1, 0.5)
            return f"There is no argument {name[:100]!r} here; " + (
                f"meant is perhaps {near[0]}" if near else f"there are {', '.join(names)}"
            )
    return ""


def check_arguments(known: Iterable[str]) -> None:
    """Refuse an address with an argument that it does not know. Raises Problem 400."""
    if problem := unknown_argument(known):
        raise Problem(400, problem)


def checked_run(run: int) -> int:
    """The run number, if a table can hold it. Raises Problem 404."""
    if run > LARGEST_RUN:
        raise Problem(404, f"There is no run {run}; the largest possible number is {LARGEST_RUN}")
    return run


def raw_path(skip: int) -> bytes:
    """The path after its first `skip` parts, as percent-decoded bytes: names of files and MEs need not be UTF-8."""
    path: str = request.environ["PATH_INFO"]
    parts = path.encode("latin1").split(b"/", skip + 1)
    return parts[skip + 1] if len(parts) > skip + 1 else b""
