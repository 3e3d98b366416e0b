"""A histogram as metrics see it: cells and stored sums in numpy, with the statistics that ROOT computes from them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.trends.axis import Axis

Cells = NDArray[np.float64]


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
        squared_weights: For profiles the sums of squared weights, else the squared errors.
        entries: As `TH1::GetEntries`.
        stored: The sums that ROOT keeps while a histogram is filled, from entries within the axes.
        maximum: Upper limit chosen for drawings, which `TH1::GetMaximum` returns; None without.
        profile_sums: For profiles, of each cell the sums of w*y and of w*y*y (z of a two-dimensional profile).
    """

    class_name: str
    axes: tuple[Axis, ...]
    contents: Cells
    errors: Cells
    weights: Cells
    squared_weights: Cells
    entries: float
    stored: Sums
    maximum: float | None = None
    profile_sums: tuple[Cells, Cells] | None = field(default=None, repr=False)

    @property
    def dimensions(self) -> int:
        """The number of binned axes."""
        return len(self.axes)

    @property
    def x(self) -> Axis:
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
        """The content of a bin by its number among all cells; a number outside counts as the nearest one."""
        return float(self.cells[min(max(number, 0), self.cells.size - 1)])

    def error(self, number: int) -> float:
        """The error of a bin; a number outside counts as the nearest one."""
        return float(self.errors.reshape(-1)[min(max(number, 0), self.cells.size - 1)])

    def content_of(self, bin: int | str) -> float:
        """The content of a bin by its number, or by its label on the x axis."""
        return self.content(self.x.bin_of_label(bin) if isinstance(bin, str) else bin)

    def content_at(self, x: int, y: int) -> float:
        """The content of a bin of a map; numbers outside count as the nearest ones."""
        return float(self.contents[self._clipped(x, y)])

    def contents_at(self, x: NDArray[np.intp], y: NDArray[np.intp]) -> Cells:
        """The contents of some bins of a map, float64 (bins,); numbers outside count as the nearest ones."""
        rows, columns = self.contents.shape
        return self.contents[np.clip(y, 0, rows - 1), np.clip(x, 0, columns - 1)]

    def error_at(self, x: int, y: int) -> float:
        """The error of a bin of a map; numbers outside count as the nearest ones."""
        return float(self.errors[self._clipped(x, y)])

    def _clipped(self, x: int, y: int) -> tuple[int, ...]:
        """The index of a cell; a histogram of one dimension has one row for all y, one of three dimensions its underflow in z."""
        place = zip((x, y, 0), reversed(self.contents.shape), strict=False)
        return tuple(min(max(number, 0), size - 1) for number, size in place)[::-1]

    @cached_property
    def inside(self) -> Cells:
        """Contents without flow bins."""
        return self.contents[(slice(1, -1),) * self.dimensions]

    @cached_property
    def in_range(self) -> tuple[slice, ...]:
        """The index of the cells that statistics use: the chosen part of the axes."""
        return tuple(slice(axis.first, axis.last + 1) for axis in reversed(self.axes))

    @cached_property
    def sum_of_weights(self) -> float:
        """As `TH1::GetSumOfWeights`: the sum of the contents without flow bins."""
        return float(self.contents[self.in_range].sum())

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
        return self._extreme_bin(np.argmax)

    @cached_property
    def minimum_bin(self) -> int:
        """The number of the first cell with the smallest content, as `TH1::GetMinimumBin`."""
        return self._extreme_bin(np.argmin)

    def _extreme_bin(self, pick: object) -> int:
        part = self.contents[self.in_range]
        index = np.unravel_index(int(pick(part)), part.shape)  # type: ignore[operator]
        shifted = tuple(int(each) + at.start for each, at in zip(index, self.in_range, strict=True))
        return int(np.ravel_multi_index(shifted, self.contents.shape))

    @cached_property
    def highest(self) -> float:
        """As `TH1::GetMaximum`."""
        return self.content(self.maximum_bin) if self.maximum is None else self.maximum

    @cached_property
    def sums(self) -> Sums:
        """As `TH1::GetStats`: the stored sums, or those of the bins if none are stored or a part of an axis was chosen."""
        is_restricted = any(axis.is_restricted for axis in self.axes)
        is_unset = self.stored.w == 0 and (self.entries > 0 or self.profile_sums is not None)
        return self._sums_of_bins() if is_restricted or is_unset else self.stored

    def _sums_of_bins(self) -> Sums:
        weights = self.weights[self.in_range]
        moments = []
        for number, axis in enumerate(self.axes):
            if axis.labels and axis.can_extend:
                moments.append((0.0, 0.0))  # the order of labels means nothing
                continue
            centers = axis.centers(np.arange(axis.first, axis.last + 1))
            along = weights.sum(axis=tuple(other for other in range(self.dimensions) if other != self.dimensions - 1 - number))
            moments.append((float((along * centers).sum()), float((along * centers * centers).sum())))
        if self.profile_sums:
            moments.append((float(self.profile_sums[0][self.in_range].sum()), float(self.profile_sums[1][self.in_range].sum())))
        return Sums(float(weights.sum()), float(self.squared_weights[self.in_range].sum()), tuple(moments))

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
        return self.sums.w**2 / self.sums.w2 if self.sums.w2 else 0.0

    def mean_error(self, axis: int = 1) -> float:
        """As `TH1::GetMeanError`."""
        return self.rms(axis) / math.sqrt(self.effective_entries) if self.effective_entries > 0 else 0.0

    def rms_error(self, axis: int = 1) -> float:
        """As `TH1::GetStdDevError`."""
        return self.rms(axis) / math.sqrt(2 * self.effective_entries) if self.effective_entries > 0 else 0.0
