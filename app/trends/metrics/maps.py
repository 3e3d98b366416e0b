"""Contents of maps: of single cells, and means along their axes.

`MeanCh`, `Mean2D` and `AverageYwithXCut` count the underflow, as the original does: years of trends have these values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.trends.histogram import Cells, Histogram
from app.trends.metrics.metric import MOST_CELLS, Inputs, MetricValue, NoPoint


@dataclass(frozen=True)
class BinCount2D:
    """The content of a cell; the error is that of the cell, by the square root of the number of entries unless `norm_err` is false."""

    x: int
    y: int
    norm_err: bool = True

    def compute(self, inputs: Inputs) -> MetricValue:
        """The content."""
        error = inputs.main.error_at(self.x, self.y)
        return MetricValue(inputs.main.content_at(self.x, self.y), error / math.sqrt(inputs.main.entries) if self.norm_err else error)


@dataclass(frozen=True)
class BinRatio2D:
    """The content of one cell by that of another; its error is that of a ratio of two counts; 0 if the second is 0."""

    x: int
    y: int
    other_x: int
    other_y: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        over, under = inputs.main.content_at(self.x, self.y), inputs.main.content_at(self.other_x, self.other_y)
        if under == 0:
            return MetricValue(0.0)
        return MetricValue(over / under, over / under * math.sqrt(1 / under + 1 / over))


@dataclass(frozen=True)
class Bin2DRatio:
    """The content c of a cell by that of the same cell in `histo1`, each times the number of entries E of its map; 0 if the second is 0.

    The error is sqrt(c E) by the same; with `norm_e` false the contents alone are compared, with the error of the cell by sqrt(E).
    """

    x: int
    y: int
    norm_e: bool = True

    def compute(self, inputs: Inputs) -> MetricValue:
        """The ratio."""
        main, other = inputs.main, inputs.need("histo1")
        count, under = main.content_at(self.x, self.y), other.content_at(self.x, self.y)
        if self.norm_e:
            count, under = count * main.entries, under * other.entries
        error = math.sqrt(count) if self.norm_e else main.error_at(self.x, self.y) / math.sqrt(main.entries)
        return MetricValue(count / under, error / under) if under else MetricValue(0.0)


@dataclass(frozen=True)
class SummaryMapPartition:
    """The mean content of the first `rows` cells of a column, without error."""

    column: int
    rows: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        cells = _cells(inputs.main, range(self.column, self.column + 1), range(1, self.rows + 1))
        return MetricValue(float(cells.sum()) / self.rows)


@dataclass(frozen=True)
class MeanCh:
    """The mean content of a row with its underflow, by the number of bins plus 1, without error."""

    channel: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        count = inputs.main.x.count + 1
        return MetricValue(float(_cells(inputs.main, range(count), range(self.channel, self.channel + 1)).mean()))


@dataclass(frozen=True)
class Mean2D:
    """The mean content of the cells with underflow but without last row and column, without error."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        return MetricValue(float(_cells(inputs.main, range(inputs.main.x.count), range(inputs.main.rows)).mean()))


@dataclass(frozen=True)
class MeanYForXBin:
    """The mean content of a column, without error; negative contents count as 0."""

    column: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        return _mean_of_positive(inputs, range(self.column, self.column + 1), range(1, inputs.main.rows + 1))


@dataclass(frozen=True)
class MeanXRange:
    """The mean content of the columns `first` to `end` - 1, without error; negative contents count as 0; 0 without columns."""

    first: int
    end: int

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        return _mean_of_positive(inputs, range(self.first, self.end), range(1, inputs.main.rows + 1))


@dataclass(frozen=True)
class MeanYRange:
    """The mean content of the rows `first` to `end` - 1 within the x axis, without error; 0 without rows.

    The original always fails, because it counts with fractions; here are whole bins.
    """

    first: float
    end: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        cells = _cells(inputs.main, range(1, inputs.main.x.count + 1), range(int(self.first), int(self.end)))
        return MetricValue(float(cells.mean()) if cells.size else 0.0)


@dataclass(frozen=True)
class MeanPosOnly:
    """The mean content of the first row, without error; negative contents count as 0."""

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        return _mean_of_positive(inputs, range(1, inputs.main.x.count + 1), range(1, 2))


def _mean_of_positive(inputs: Inputs, columns: range, rows: range) -> MetricValue:
    cells = _cells(inputs.main, columns, rows)
    return MetricValue(float(np.where(cells >= 0, cells, 0.0).mean()) if cells.size else 0.0)


def _cells(histogram: Histogram, columns: range, rows: range) -> Cells:
    """The contents of the cells of some columns and rows, float64 (cells,). Raises `NoPoint` for more than any map has."""
    if len(columns) * len(rows) > MOST_CELLS:
        raise NoPoint(f"{len(columns) * len(rows):,} cells are more than any map has")
    x, y = np.meshgrid(np.arange(columns.start, columns.stop), np.arange(rows.start, rows.stop))
    return histogram.contents_at(x.ravel(), y.ravel())


def last_filled_bin(histogram: Histogram) -> int | None:
    """The number of the last bin with a content above 0, from the underflow to the last but one; None without any."""
    filled = np.flatnonzero(histogram.cells[: histogram.x.count] > 0)
    return int(filled[-1]) if filled.size else None


@dataclass(frozen=True)
class AverageYwithXCut:
    """The mean content from the underflow to four bins before the last filled one, without error. The argument does nothing."""

    cut: float

    def compute(self, inputs: Inputs) -> MetricValue:
        """The mean."""
        last = last_filled_bin(inputs.main)
        if last is None:
            raise NoPoint("No bin is filled")
        return MetricValue(float(inputs.main.cells[: max(last - 3, 0)].sum()) / (last - 3))
