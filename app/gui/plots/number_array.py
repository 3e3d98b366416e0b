"""The numbers of a histogram in eight bytes each: as objects of Python they take four times as much."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, overload

Number = int | float | None
"""A number of the JSON; None is one that is not finite."""

EXACT = 2.0**53
"""Whole numbers up to this one are exact as a double."""


class NumberArray(Sequence[Number]):
    """Numbers of the JSON; whole ones have type int, as there.

    Attributes:
        stored: The same without conversion, NaN for None.
    """

    __slots__ = ("stored",)

    def __init__(self, numbers: Iterable[Number]) -> None:
        self.stored = _packed(numbers if isinstance(numbers, list) else list(numbers))

    def __len__(self) -> int:
        return len(self.stored)

    @overload
    def __getitem__(self, index: int, /) -> Number: ...

    @overload
    def __getitem__(self, index: slice, /) -> list[Number]: ...

    def __getitem__(self, index: int | slice, /) -> Number | list[Number]:
        found = self.stored[index]
        return _number(found) if isinstance(found, int | float) else [_number(each) for each in found]


def _packed(numbers: list[Number]) -> array[int] | array[float]:
    found: Any = numbers  # array says itself what it cannot hold
    with suppress(TypeError, OverflowError):
        return array("q", found)
    with suppress(TypeError):
        return array("d", found)
    return array("d", [math.nan if number is None else number for number in numbers])


def _number(stored: float) -> Number:
    if isinstance(stored, int):
        return stored
    if math.isnan(stored):
        return None
    return int(stored) if stored.is_integer() and abs(stored) <= EXACT else stored
