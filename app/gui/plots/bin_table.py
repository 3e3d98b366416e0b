"""The table of a histogram and its references: a row for each cell of the histogram, columns for its bins and for each content and error."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from app.gui.plots.bins import Axis, AxisBin, Bins
from app.gui.plots.number_array import Number
from app.web.csv_text import csv_text

CSV_ROWS = 1000
"""Rows of a part of the CSV."""

NO_BIN = -1
"""In place of the cell of a reference without the bin."""


class Value(NamedTuple):
    """Content and error of a cell; None where they are no finite numbers."""

    content: Number
    error: Number


class Row(NamedTuple):
    """A cell of the histogram."""

    bins: tuple[AxisBin, ...]
    values: list[Value | None]  # of the histogram and of each reference; None for one without such a bin


class BinTable:
    """The cells of a histogram, with those of references that have the same bins."""

    def __init__(self, bins: Bins, references: Sequence[Bins | None] = ()) -> None:
        """A reference of None has no bins at all."""
        self.bins = bins
        self._series: list[tuple[Bins, Sequence[int]] | None] = [(bins, range(len(bins.contents)))]
        self._series += [reference and _matched(bins, reference) for reference in references]

    def __len__(self) -> int:
        return len(self.bins.contents)

    def has_bins_of(self, number: int) -> bool:
        """Whether a reference, counted from 1, has a bin of the histogram."""
        return self._series[number] is not None

    @property
    def columns(self) -> list[str]:
        """Names of the columns that can be sorted by: x, xlabel, ..., content, error, content1 of the first reference, ..."""
        names = [name for axis in self.bins.axes for name in (axis.name, *([f"{axis.name}label"] if axis.has_labels else []))]
        return names + [f"{name}{number or ''}" for number in range(len(self._series)) for name in Value._fields]

    @property
    def default_column(self) -> str:
        """The column in whose order the cells are: of the axis that varies slowest."""
        return self.bins.axes[-1].name

    def order(self, column: str, descending: bool) -> Sequence[int]:
        """The cells sorted by a column; those without a value are last, and equal ones stay in the order of the histogram."""
        if column == self.default_column and not descending:
            return range(len(self))
        values = self._values(column)
        known = [cell for cell, value in enumerate(values) if value == value and value != ""]  # NaN is not equal to itself
        known.sort(key=values.__getitem__, reverse=descending)
        if len(known) == len(values):
            return known
        return known + [cell for cell, value in enumerate(values) if value != value or value == ""]

    def _values(self, column: str) -> Sequence[Any]:
        """The value of each cell in a column; NaN for a number that it does not have, "" for a label."""
        stride = 1
        for axis in self.bins.axes:
            size = len(axis.bins)
            if column == axis.name:
                return [cell // stride % size for cell in range(len(self))]
            if column == f"{axis.name}label":
                labels = [each.label for each in axis.bins]
                return [labels[cell // stride % size] for cell in range(len(self))]
            stride *= size
        name = column.rstrip("0123456789")
        series = self._series[int(column.removeprefix(name) or 0)]
        if series is None:
            return array("d", [math.nan]) * len(self)
        numbers = (series[0].contents if name == "content" else series[0].errors).stored
        return numbers if isinstance(series[1], range) else [math.nan if cell == NO_BIN else numbers[cell] for cell in series[1]]

    def row(self, cell: int) -> Row:
        """The row of a cell."""
        return Row(self.bins.position(cell), [self._value(number, cell) for number in range(len(self._series))])

    def _value(self, number: int, cell: int) -> Value | None:
        series = self._series[number]
        other = series[1][cell] if series else NO_BIN
        return None if series is None or other == NO_BIN else Value(series[0].contents[other], series[0].errors[other])

    def csv(self, order: Sequence[int], labels: Sequence[str]) -> Iterator[str]:
        """The table as CSV, part by part. `labels` are those of the references; equal ones get the number of the reference."""
        labels = [f"{label} (reference {number})" if labels.count(label) > 1 else label for number, label in enumerate(labels, 1)]
        headings = [heading for axis in self.bins.axes for heading in _axis_headings(axis)]
        headings += [f"{name}{f' of {label}' if label else ''}" for label in ("", *labels) for name in Value._fields]
        yield csv_text([headings])
        for start in range(0, len(order), CSV_ROWS):
            yield csv_text(self._csv_row(cell) for cell in order[start : start + CSV_ROWS])

    def _csv_row(self, cell: int) -> list[object]:
        row = self.row(cell)
        places = (_axis_cells(axis, each) for axis, each in zip(self.bins.axes, row.bins, strict=True))
        values = (["", ""] if value is None else map(_csv_number, value) for value in row.values)
        return list(chain(*places, *values))


def _axis_headings(axis: Axis) -> list[str]:
    edges = [f"{axis.name} from", f"{axis.name} to"] if axis.has_edges else []
    return [f"{axis.name} bin", *edges, *([f"{axis.name} label"] if axis.has_labels else [])]


def _axis_cells(axis: Axis, place: AxisBin) -> list[object]:
    edges = [_csv_number(place.low), _csv_number(place.high)] if axis.has_edges else []
    return [place.name, *edges, *([place.label] if axis.has_labels else [])]


def _csv_number(value: Number) -> int | float:
    return math.nan if value is None else value


def _matched(bins: Bins, other: Bins) -> tuple[Bins, Sequence[int]] | None:
    """A reference with its cell for each cell of the histogram; None if no cells are the same."""
    if [axis.name for axis in bins.axes] != [axis.name for axis in other.axes]:
        return None
    if all(mine.bins == theirs.bins for mine, theirs in zip(bins.axes, other.axes, strict=True)):
        return other, range(len(other.contents))
    cells = array("q", [0])
    stride = 1
    for mine, theirs in zip(bins.axes, other.axes, strict=True):
        steps = _matched_bins(mine, theirs)
        cells = array("q", (NO_BIN if NO_BIN in (step, cell) else cell + step * stride for step in steps for cell in cells))
        stride *= len(theirs.bins)
    return (other, cells) if any(cell != NO_BIN for cell in cells) else None


def _matched_bins(mine: Axis, theirs: Axis) -> list[int]:
    """For each bin of an axis the number of the same bin of another one, by its label or else its edges; NO_BIN if there is none."""
    labels = [[each.label for each in axis.bins if each.label] for axis in (mine, theirs)]
    by_label = all(len(set(names)) == len(names) for names in labels)
    found = {_identity(each, by_label): number for number, each in reversed(list(enumerate(theirs.bins)))}
    return [found.get(_identity(each, by_label), NO_BIN) for each in mine.bins]


def _identity(place: AxisBin, by_label: bool) -> tuple[object, ...]:
    """What two bins that are the same have in common."""
    return (place.label,) if by_label and place.label else (place.name if place.low is None else "", place.low, place.high, place.label)
