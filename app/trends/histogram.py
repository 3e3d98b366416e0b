"""A histogram as metrics see it: cells and stored sums in numpy, with the statistics that ROOT computes from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.trends.axis import BinnedAxis

Cells = NDArray[np.float64]
LARGEST_FLOAT = float(np.finfo(np.float32).max)
"""Contents beyond it never are the largest or smallest."""


class Sums(NamedTuple):
    """Sums over the entries, w being their weights."""

    w: float
    w2: float
    moments: tuple[tuple[float, float], ...]  # of x, y, z: sum of w*x and of w*x*x; a profile has its quantity last


@dataclass(frozen=True)
class Histogram:
    """A histogram of one, two or three dimensions, or a profile.

    Attributes:
        class_name: The ROOT class.
        axes: x, y, z, without the quantity of a profile.
        contents: float64 (..., ny + 2, nx + 2), with flow bins, as `TH1::GetBinContent`; for profiles the means.
        errors: As the contents, as `TH1::GetBinError`.
        weights: For profiles the sums of weights of each cell, else the contents.
        squared_weights: For profiles the sums of squared weights, else of each cell the sum of squared weights if ROOT keeps it, or
            the content itself.
        entries: As `TH1::GetEntries`.
        stored: The sums that ROOT keeps while a histogram is filled, from entries within the axes.
        maximum: Upper limit chosen for drawings, which `TH1::GetMaximum` returns; None without.
        counts_flow: Whether statistics include underflow and overflow (`TH1::SetStatOverflows`).
        has_mean_errors: False for a profile whose errors are not those of the mean.
        profile_sums: For profiles, of each cell the sums of w*y and of w*y*y (z of a two-dimensional profile).
    """

    class_name: str
    axes: tuple[BinnedAxis, ...]
    contents: Cells
    errors: Cells
    weights: Cells
    squared_weights: Cells
    entries: float
    stored: Sums
    maximum: float | None = None
    counts_flow: bool = False
    has_mean_errors: bool = True
    profile_sums: tuple[Cells, Cells] | None = field(default=None, repr=False)

    @property
    def dimensions(self) -> int:
        """The number of binned axes."""
        return len(self.axes)

    @property
    def x(self) -> BinnedAxis:
        """The first axis."""
        return self.axes[0]

    @property
    def rows(self) -> int:
        """The number of bins along y, 1 without a y axis."""
        return self.axes[1].count if self.dimensions > 1 else 1

    @property
    def cells(self) -> Cells:
        """All contents in the order of ROOT's bin numbers, float64 (cells,)."""
        return self.contents.reshape(-1)

    def content(self, number: int) -> float:
        """The content of a cell by its number; outside it is that of the nearest cell, and 0 for a profile."""
        return float(self.contents_of(np.array([number]))[0])

    def contents_of(self, numbers: NDArray[np.int64]) -> Cells:
        """The contents of some cells by their numbers, float64 of the shape of `numbers`, as `TH1::GetBinContent` of one number."""
        return self._by_number(self.cells, numbers)

    def error(self, number: int) -> float:
        """The error of a cell by its number; outside it is that of the nearest cell, and 0 for a profile."""
        return float(self._by_number(self.errors.reshape(-1), np.array([number]))[0])

    def _by_number(self, cells: Cells, numbers: NDArray[np.int64]) -> Cells:
        inside = _nearest(numbers, cells.size - 1)
        return np.where(inside == numbers, cells[inside], 0.0) if self.profile_sums else cells[inside]

    def content_of(self, bin: int | str) -> float:
        """The content of a bin by its number, or by its label on the x axis; 0 for a label that makes ROOT extend the axis."""
        if not isinstance(bin, str):
            return self.content(bin)
        number = self.x.bin_of_label(bin)
        return self.content(number) if number <= self.x.count else 0.0

    def content_at(self, x: int, y: int) -> float:
        """The content of a cell of a map; numbers outside count as the nearest ones."""
        return float(self.contents_at(np.array([x]), np.array([y]))[0])

    def contents_at(self, x: NDArray[np.int64], y: NDArray[np.int64]) -> Cells:
        """The contents of some cells of a map, as `TH1::GetBinContent` of two numbers: other histograms take the first one alone."""
        return self.contents_of(self._cell_numbers(x, y) if self.dimensions == 2 else x)

    def error_at(self, x: int, y: int) -> float:
        """The error of a cell of a map; numbers outside count as the nearest ones."""
        return self.error(int(self._cell_numbers(x, y)) if self.dimensions > 1 else x)

    def _cell_numbers(self, x: NDArray[np.int64] | int, y: NDArray[np.int64] | int) -> NDArray[np.int64]:
        rows, columns = self.contents.shape[-2:]
        return np.asarray(_nearest(x, columns - 1) + columns * _nearest(y, rows - 1))

    def find_bin(self, x: float) -> int:
        """The number of the cell of a value of x, and of 0 along the other axes, as `TH1::FindBin`."""
        places = (axis.bin_of(value) for axis, value in zip(self.axes, (x, 0.0, 0.0), strict=False))
        return int(np.ravel_multi_index(tuple(places)[::-1], self.contents.shape))

    def center(self, number: int) -> float:
        """The center of a bin. Raises `ValueError` if there is more than one axis."""
        if self.dimensions > 1:
            raise ValueError(f"a cell of a {self.class_name} has more than one center")
        return self.x.center(number)

    @cached_property
    def inside(self) -> Cells:
        """Contents without flow bins."""
        return self.contents[(slice(1, -1),) * self.dimensions]

    @cached_property
    def in_range(self) -> tuple[slice, ...]:
        """The index of the cells that statistics use: the chosen part of the axes."""
        return tuple(slice(axis.first, axis.last + 1) for axis in reversed(self.axes))

    @property
    def sum_of_weights(self) -> float:
        """As `TH1::GetSumOfWeights`: the sum of all contents without flow bins."""
        return float(self.inside.sum())

    def integral(self, first: int | None = None, last: int | None = None) -> float:
        """The sum of the contents of bins `first` to `last`, as `TH1::Integral`; without them of the chosen part of the axes."""
        if first is None or last is None:
            return float(self.contents[self.in_range].sum())
        first = max(first, 0)
        last = last if first <= last <= self.x.count + 1 else self.x.count + 1
        return float(self.contents[first : last + 1].sum())

    @cached_property
    def maximum_bin(self) -> int:
        """The number of the first cell with the largest content, as `TH1::GetMaximumBin`."""
        return self._first_largest(self.contents)

    @cached_property
    def minimum_bin(self) -> int:
        """The number of the first cell with the smallest content, as `TH1::GetMinimumBin`."""
        return self._first_largest(-self.contents)

    def _first_largest(self, cells: Cells) -> int:
        """The number of the first cell that is largest in the chosen part of the axes; 0 if none is a number above the least float."""
        part = np.where(cells > -LARGEST_FLOAT, cells, -np.inf)[self.in_range]
        index = np.unravel_index(int(np.argmax(part)), part.shape)
        if part[index] == -np.inf:
            return 0
        shifted = tuple(int(each) + at.start for each, at in zip(index, self.in_range, strict=True))
        return int(np.ravel_multi_index(shifted, self.contents.shape))

    @cached_property
    def highest(self) -> float:
        """As `TH1::GetMaximum`: the limit for drawings, or the largest finite content."""
        part = self.contents[self.in_range]
        return float(part[np.abs(part) < LARGEST_FLOAT].max(initial=-LARGEST_FLOAT)) if self.maximum is None else self.maximum

    @cached_property
    def sums(self) -> Sums:
        """As `TH1::GetStats`: the stored sums, or those of the bins if none are stored or a part of an axis was chosen."""
        is_restricted = any(axis.is_restricted for axis in self.axes)
        is_unset = self.stored.w == 0 and (self.entries > 0 or self.profile_sums is not None)
        return self._sums_of_bins() if is_restricted or is_unset else self.stored

    def _sums_of_bins(self) -> Sums:
        used = tuple(slice(*self._counted_bins(axis)) for axis in reversed(self.axes))
        weights = self.weights[used]
        moments = []
        for number, axis in enumerate(self.axes):
            if axis.labels and axis.can_extend:
                moments.append((0.0, 0.0))  # the order of labels means nothing
                continue
            centers = axis.centers(np.arange(*self._counted_bins(axis)))
            along = weights.sum(axis=tuple(other for other in range(self.dimensions) if other != self.dimensions - 1 - number))
            moments.append((float((along * centers).sum()), float((along * centers * centers).sum())))
        if self.profile_sums:
            moments.append((float(self.profile_sums[0][used].sum()), float(self.profile_sums[1][used].sum())))
        squared = self.squared_weights[used]
        return Sums(float(weights.sum()), float((squared if self.dimensions == 2 else np.abs(squared)).sum()), tuple(moments))

    def _counted_bins(self, axis: BinnedAxis) -> tuple[int, int]:
        """The first bin of an axis that sums of bins include, and the first after them."""
        return (0, axis.count + 2) if self.counts_flow and not axis.is_restricted else (axis.first, axis.last + 1)

    def mean(self, axis: int = 1) -> float:
        """As `TH1::GetMean`: of the x, y or z axis (1, 2, 3); 0 for an axis that the histogram lacks, or without weights."""
        sums = self.sums
        return sums.moments[axis - 1][0] / sums.w if sums.w and axis <= len(sums.moments) else 0.0

    def rms(self, axis: int = 1) -> float:
        """As `TH1::GetStdDev`."""
        sums = self.sums
        if not sums.w or axis > len(sums.moments):
            return 0.0
        first, second = sums.moments[axis - 1]
        return math.sqrt(max(0.0, second / sums.w - (first / sums.w) ** 2))

    @property
    def effective_entries(self) -> float:
        """As `TH1::GetEffectiveEntries`."""
        return self.sums.w**2 / self.sums.w2 if self.sums.w2 else abs(self.sums.w)

    def mean_error(self, axis: int = 1) -> float:
        """As `TH1::GetMeanError`."""
        return self.rms(axis) / math.sqrt(self.effective_entries) if self.effective_entries > 0 else 0.0

    def rms_error(self, axis: int = 1) -> float:
        """As `TH1::GetStdDevError`."""
        return self.rms(axis) / math.sqrt(2 * self.effective_entries) if self.effective_entries > 0 else 0.0


def _nearest(numbers: NDArray[np.int64] | int, last: int) -> NDArray[np.int64]:
    """The nearest numbers from 0 to `last`. For short arrays of whole numbers `np.clip` takes four times as long."""
    return np.asarray(np.minimum(np.maximum(numbers, 0), last))
