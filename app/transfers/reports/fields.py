"""Checks of single fields of reports: each returns a value that can be stored. All raise BadRecord."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.transfers.errors import BadRecord

Check = Callable[[Any], Any]

UNNAMED = "unnamed client"
"""Stands for the tag of a client without one."""
NAME_CHARS, TEXT_CHARS = 300, 2000
LAST_TIME = 2e11
"""Larger numbers are no Unix times."""
LARGEST, LARGEST_SIZE = 2**53, 2**45
LARGEST_RUN = 2**31 - 1
MAX_EXAMPLES = 20
MAX_ITEMS = 500
"""Most items of a list; of a longer one the first are stored."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def text(value: Any, longest: int = TEXT_CHARS) -> str:
    """A text, shortened if it is too long."""
    if not isinstance(value, str):
        raise BadRecord("expected a text")
    return _UNSTORABLE.sub("\ufffd", value if len(value) <= longest else value[: longest - 1] + "…")


def name(value: Any) -> str:
    """The name of a file, client, host or GUI machine, which may be empty."""
    return text(value, NAME_CHARS)


def full_name(value: Any) -> str:
    """A name that is not empty."""
    return name(value) or _refuse("expected a name")


def client_name(value: Any) -> str:
    """The tag of a client; old clients may have none."""
    return name(value) or UNNAMED


def count(value: Any) -> int:
    """A whole number that is not negative; true and false are 1 and 0."""
    if not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise BadRecord(f"expected a whole number from 0 to {LARGEST}")
    return int(value)


def byte_count(value: Any) -> int:
    """The size of a file or of many, bytes; sums of them can be stored."""
    return min(count(value), LARGEST_SIZE)


def small_count(value: Any) -> int:
    """A number that a column of 32 bits can hold."""
    return min(count(value), LARGEST_RUN)


def run_number(value: Any) -> int:
    """The number of a run."""
    if type(value) is not int or not 0 < value <= LARGEST_RUN:
        raise BadRecord(f"expected a run from 1 to {LARGEST_RUN}")
    return value


def moment(value: Any) -> float:
    """Unix s; 0: never."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LAST_TIME:  # false for NaN, too
        raise BadRecord("expected a time in Unix s")
    return float(value)


def fraction(value: Any) -> float:
    """A used fraction of a disk."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRecord("expected a number from 0 to 1")
    return float(value)


def flag(value: Any) -> bool:
    """True or false."""
    if value not in (True, False) or isinstance(value, float):
        raise BadRecord("expected true or false")
    return bool(value)


def one_of(choices: Sequence[str]) -> Check:
    """One of these texts."""

    def check(value: Any) -> str:
        return value if isinstance(value, str) and value in choices else _refuse(f"expected one of {', '.join(choices)}")

    return check


def items(check: Check, most: int = MAX_ITEMS) -> Check:
    """A list."""

    def check_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise BadRecord("expected a list")
        return [check(item) for item in value[:most]]

    return check_all


def mapping(check: Check, most: int = 100) -> Check:
    """An object with any names."""

    def check_all(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise BadRecord("expected an object")
        return {name(key): check(each) for key, each in list(value.items())[:most]}

    return check_all


def fields(**checks: Check) -> Check:
    """An object with these fields; others of it are left out."""

    def check_all(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise BadRecord("expected an object")
        return {field: _checked(field, check, value) for field, check in checks.items()}

    return check_all


def _checked(field: str, check: Check, document: Mapping[str, Any]) -> Any:
    try:
        return check(document.get(field))
    except BadRecord as error:
        raise BadRecord(f"{field}: {error}" if field in document else f"{field} is missing") from None


def optional(check: Check, default: Any) -> Check:
    """A field that may be null or absent: then it has this value."""
    return lambda value: default if value is None else check(value)


def examples(value: Any) -> list[Any]:
    """Up to 20 examples, each a text, a list or an object of texts; also as an object of lists by their first text."""
    if isinstance(value, Mapping):
        value = [[key, *(found if isinstance(found, list) else [found])] for key, found in value.items()]
    return list(items(_example, MAX_EXAMPLES)(value))


def _example(value: Any) -> Any:
    if isinstance(value, Mapping):
        return mapping(name, 10)(value)
    return items(name, 10)(value) if isinstance(value, list) else name(value)


def _refuse(problem: str) -> Any:
    raise BadRecord(problem)
