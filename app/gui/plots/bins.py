"""The bins of a histogram: edges, labels, contents and errors, from its JSON by ROOT's TBufferJSON.

Contents are the numbers of the JSON, for profiles means of them; errors are those of `TH1::GetBinError` and its overrides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Number = int | float | None
"""A number of the JSON; None is one that is not finite."""

MAX_CELLS = 1 << 20
"""Cells of the largest histogram whose bins are listed: a map of 1000 x 1000 with its underflow and overflow."""

ERROR_OF_MEAN, SPREAD, SPREAD_OR_UNIT, WEIGHT = range(4)
"""Values of `fErrorMode`, the option of `TProfile::SetErrorOption`: none, `s`, `i`, `g`."""

JSON_ROUNDING = 2e-14
"""A variance below this part of the mean square is taken for 0: it can be due to the 15 digits of numbers in JSON."""

REGIONS = ("above left", "above", "above right", "left", "between polygons", "right", "below left", "below", "below right")
"""The overflow bins of a TH2Poly, which ROOT numbers from -1 to -9."""


class AxisBin(NamedTuple):
    """One bin of an axis."""

    name: str  # its number from 1, `underflow` or `overflow`
    low: Number  # lower edge; -inf for the underflow
    high: Number
    label: str  # "" without one


class Axis(NamedTuple):
    """An axis with its bins, from the underflow to the overflow; of a TH2Poly the list of its polygons."""

    name: str  # x, y, z or polygon
    title: str
    bins: tuple[AxisBin, ...]

    @property
    def has_edges(self) -> bool:
        """Whether its bins are intervals."""
        return self.name != "polygon"

    @property
    def has_labels(self) -> bool:
        """Whether a bin has a label."""
        return any(each.label for each in self.bins)


class Bins(NamedTuple):
    """The cells of a histogram in the order of ROOT: the first axis varies fastest."""

    axes: tuple[Axis, ...]
    contents: Sequence[Number]
    errors: Sequence[Number]

    def position(self, cell: int) -> tuple[AxisBin, ...]:
        """The bin of each axis that a cell belongs to."""
        found = []
        for axis in self.axes:
            cell, index = divmod(cell, len(axis.bins))
            found.append(axis.bins[index])
        return tuple(found)


def dimensions(class_name: str) -> int:
    """The number of binned axes of a class of ROOT."""
    return 1 if class_name == "TProfile" else int(next((letter for letter in class_name if letter.isdigit()), "1"))


def bins_of(histogram: dict[str, Any]) -> Bins:
    """The bins of a histogram. Raises ValueError, with a sentence, if there are too many or if their number is wrong."""
    class_name = histogram["_typename"]
    if class_name == "TH2Poly":
        return _polygons(histogram)
    axes = tuple(_axis(letter, histogram[f"f{letter.upper()}axis"]) for letter in "xyz"[: dimensions(class_name)])
    cells = math.prod(len(axis.bins) for axis in axes)
    _check_count(cells)
    sums = histogram["fArray"]
    if len(sums) != cells:
        raise ValueError(f"Its axes have {cells:,} bins, but it has {len(sums):,} contents")
    if class_name.startswith("TProfile"):
        return Bins(axes, *_profile(histogram, cells))
    return Bins(axes, sums, _errors(sums, histogram["fSumw2"]))


def _axis(letter: str, axis: dict[str, Any]) -> Axis:
    count = axis["fNbins"]
    _check_count(count)
    edges = axis["fXbins"] if len(axis["fXbins"]) == count + 1 else _equal_edges(axis["fXmin"], axis["fXmax"], count)
    labels = {each["fUniqueID"]: each["fString"] for each in (axis["fLabels"] or {"arr": []})["arr"]}
    inner = (AxisBin(str(number), low, high, labels.get(number, "")) for number, (low, high) in enumerate(pairwise(edges), 1))
    bins = (AxisBin("underflow", -math.inf, edges[0], ""), *inner, AxisBin("overflow", edges[-1], math.inf, ""))
    return Axis(letter, axis["fTitle"], bins)


def _check_count(count: int) -> None:
    if not 0 < count <= MAX_CELLS:
        raise ValueError(f"It has {count:,} bins; a table shows at most {MAX_CELLS:,}")


def _equal_edges(low: Number, high: Number, count: int) -> list[Number]:
    """Edges as `TAxis::GetBinUpEdge` computes them."""
    if low is None or high is None:
        return [None] * (count + 1)
    width = (high - low) / count
    return [low, *(low + number * width for number in range(1, count + 1))]


def _errors(contents: Sequence[Number], squares: Sequence[Number]) -> list[Number]:
    """Errors from sums of squared weights; without these those of counts."""
    if squares:
        return ([_root(square) for square in squares] + [None] * len(contents))[: len(contents)]
    return [None if content is None else math.sqrt(abs(content)) for content in contents]


def _root(square: Number) -> Number:
    return None if square is None or square < 0 else math.sqrt(square)


def _profile(profile: dict[str, Any], cells: int) -> tuple[list[Number], list[Number]]:
    """Means and errors of a profile."""
    sums, squares, mode = profile["fArray"], profile["fSumw2"], profile["fErrorMode"]
    weights = profile["fBinEntries"] if len(profile["fBinEntries"]) == cells else [0] * cells
    squared_weights = profile["fBinSumw2"] if len(profile["fBinSumw2"]) == cells else weights  # unweighted: equal
    rows = list(zip(sums, squares, weights, squared_weights, strict=True))
    return [_mean(row[0], row[2]) for row in rows], [_profile_error(*row, mode) for row in rows]


def _mean(total: Number, weight: Number) -> Number:
    if weight == 0:
        return 0
    return None if total is None or weight is None else _finite(total / weight)


def _profile_error(total: Number, square: Number, weight: Number, squared_weight: Number, mode: int) -> Number:
    """The error of a bin of a profile, as `TProfile::GetBinError`.

    Args:
        total: Sum of w * y.
        square: Sum of w * y * y.
        weight: Sum of the weights w.
        squared_weight: Sum of w * w.
        mode: `fErrorMode`.
    """
    if weight == 0:
        return 0
    if total is None or square is None or weight is None or squared_weight is None:
        return None
    try:
        if mode == WEIGHT:
            return _finite(1 / math.sqrt(weight))
        mean_square = square / weight
        variance = abs(mean_square - (total / weight) * (total / weight))
        spread = math.sqrt(variance) if variance > JSON_ROUNDING * abs(mean_square) else 0.0
        if mode == SPREAD:
            return _finite(spread)
        effective_entries = weight * weight / squared_weight if squared_weight > 0 else 0.0
        if mode == SPREAD_OR_UNIT and not spread:
            return _finite(1 / math.sqrt(12 * effective_entries))  # of values with an uncertainty of 1/sqrt(12)
        return _finite(spread / math.sqrt(effective_entries))
    except (ArithmeticError, ValueError):
        return None


def _finite(value: float) -> Number:
    return value if math.isfinite(value) else None


def _polygons(histogram: dict[str, Any]) -> Bins:
    """The polygons of a TH2Poly by their numbers, then its nine overflow bins."""
    lists = [*histogram["fCells"], histogram["fBins"] or {"arr": []}]
    found = sorted(_polygon_objects(lists), key=lambda polygon: polygon["fNumber"])
    _check_count(len(found) + 1)
    regions = [AxisBin(f"overflow {number}", None, None, name) for number, name in enumerate(REGIONS, 1)]
    bins = (*(AxisBin(str(each["fNumber"]), None, None, _extent(each)) for each in found), *regions)
    contents = [each["fContent"] for each in found] + histogram["fOverflow"]
    squares = histogram["fSumw2"]
    if len(squares) == len(contents):  # ROOT has those of the overflow bins first
        squares = squares[len(REGIONS) :] + squares[: len(REGIONS)]
    return Bins((Axis("polygon", "", bins),), contents, _errors(contents, squares))


def _polygon_objects(lists: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each polygon once: where it stands again, the JSON has a number in its place."""
    for each in lists:
        yield from (polygon for polygon in each["arr"] if polygon and "fNumber" in polygon)


def _extent(polygon: dict[str, Any]) -> str:
    x, y = (f"{axis.lower()} {_edge(polygon[f'f{axis}min'])} to {_edge(polygon[f'f{axis}max'])}" for axis in "XY")
    return f"{x}, {y}"


def _edge(value: Number) -> str:
    return "?" if value is None else f"{value:.12g}"
