"""The bins of a histogram: edges, labels, contents and errors, from its JSON by ROOT's TBufferJSON.

Contents are the numbers of the JSON, for profiles means of them; errors are those of `TH1::GetBinError` and its overrides.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, overload

from app.gui.plots.number_array import Number, NumberArray

MAX_CELLS = 1 << 20
"""Cells of the histograms of a table, all together: a map of 1000 x 1000 with its underflow and overflow."""

BOUND = f"a table shows at most {MAX_CELLS:,}, those of references included"

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


class IntervalBins(Sequence[AxisBin]):
    """The bins of an axis that are intervals, from the underflow to the overflow. Each is made when it is read: there can be a million."""

    def __init__(self, edges: NumberArray, labels: dict[int, str]) -> None:
        """
        Args:
            edges: Those of the bins 1, 2, ..., and the last upper one.
            labels: By the number of the bin.
        """
        self._edges = edges
        self._last = len(edges)  # number of the overflow
        self.labels = {number: label for number, label in labels.items() if label and 0 < number < self._last}

    def __len__(self) -> int:
        return self._last + 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalBins) and (self._edges.stored, self.labels) == (other._edges.stored, other.labels)

    __hash__ = None  # type: ignore[assignment]  # as Python does beside __eq__; typeshed says otherwise

    @overload
    def __getitem__(self, index: int, /) -> AxisBin: ...

    @overload
    def __getitem__(self, index: slice, /) -> list[AxisBin]: ...

    def __getitem__(self, index: int | slice, /) -> AxisBin | list[AxisBin]:
        numbers = range(len(self))[index]
        return self._bin(numbers) if isinstance(numbers, int) else [self._bin(number) for number in numbers]

    def _bin(self, number: int) -> AxisBin:
        if number == 0:
            return AxisBin("underflow", -math.inf, self._edges[0], "")
        if number == self._last:
            return AxisBin("overflow", self._edges[-1], math.inf, "")
        return AxisBin(str(number), self._edges[number - 1], self._edges[number], self.labels.get(number, ""))


class Axis(NamedTuple):
    """An axis with its bins, from the underflow to the overflow; of a TH2Poly the list of its polygons."""

    name: str  # x, y, z or polygon
    title: str
    bins: Sequence[AxisBin]

    @property
    def has_edges(self) -> bool:
        """Whether its bins are intervals."""
        return self.name != "polygon"

    @property
    def has_labels(self) -> bool:
        """Whether a bin has a label."""
        return bool(self.bins.labels) if isinstance(self.bins, IntervalBins) else True


class Bins(NamedTuple):
    """The cells of a histogram in the order of ROOT: the first axis varies fastest."""

    axes: tuple[Axis, ...]
    contents: NumberArray
    errors: NumberArray

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


def bins_of(histogram: dict[str, Any], room: int = MAX_CELLS) -> Bins:
    """The bins of a histogram.

    Args:
        histogram: Its JSON.
        room: Greatest number of cells.

    Raises:
        ValueError: there are too many, or their number is wrong; with a sentence.
    """
    class_name = histogram["_typename"]
    if class_name == "TH2Poly":
        return _polygons(histogram, room)
    documents = {letter: histogram[f"f{letter.upper()}axis"] for letter in "xyz"[: dimensions(class_name)]}
    cells = math.prod(axis["fNbins"] + 2 for axis in documents.values())
    for count in (*(axis["fNbins"] for axis in documents.values()), cells):
        _check_count(count, room)
    axes = tuple(_axis(letter, axis) for letter, axis in documents.items())
    sums = histogram["fArray"]
    if len(sums) != cells:
        raise ValueError(f"Its axes have {cells:,} bins, but it has {len(sums):,} contents")
    if class_name.startswith("TProfile"):
        return Bins(axes, *_profile(histogram, cells))
    contents = NumberArray(sums)
    return Bins(axes, contents, _errors(contents, histogram["fSumw2"]))


def _axis(letter: str, axis: dict[str, Any]) -> Axis:
    count = axis["fNbins"]
    edges = axis["fXbins"] if len(axis["fXbins"]) == count + 1 else _equal_edges(axis["fXmin"], axis["fXmax"], count)
    labels = {each["fUniqueID"]: each["fString"] for each in (axis["fLabels"] or {"arr": []})["arr"]}
    return Axis(letter, axis["fTitle"], IntervalBins(NumberArray(edges), labels))


def _check_count(count: int, room: int) -> None:
    if not 0 < count <= room:
        raise ValueError(f"It has {count:,} bins; {BOUND}")


def _equal_edges(low: Number, high: Number, count: int) -> list[Number]:
    """Edges as `TAxis::GetBinUpEdge` computes them."""
    if low is None or high is None:
        return [None] * (count + 1)
    width = (high - low) / count
    return [low, *(low + number * width for number in range(1, count + 1))]


def _errors(contents: NumberArray, squares: Sequence[Number]) -> NumberArray:
    """Errors from sums of squared weights; without these those of counts."""
    if not squares:
        return NumberArray(map(math.sqrt, map(abs, contents.stored)))  # that of NaN is NaN
    found: list[Any] = (list(squares) + [None] * len(contents))[: len(contents)]
    try:
        return NumberArray(map(math.sqrt, found))
    except (TypeError, ValueError):  # some are not finite, or negative
        return NumberArray(map(_root, found))


def _root(square: Number) -> Number:
    return None if square is None or square < 0 else math.sqrt(square)


def _profile(profile: dict[str, Any], cells: int) -> tuple[NumberArray, NumberArray]:
    """Means and errors of a profile."""
    sums, squares, mode = profile["fArray"], profile["fSumw2"], profile["fErrorMode"]
    weights = profile["fBinEntries"] if len(profile["fBinEntries"]) == cells else [0] * cells
    squared_weights = profile["fBinSumw2"] if len(profile["fBinSumw2"]) == cells else weights  # unweighted: equal
    rows = zip(sums, squares, weights, squared_weights, strict=True)
    return NumberArray(map(_mean, sums, weights)), NumberArray(_profile_error(*row, mode) for row in rows)


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


def _polygons(histogram: dict[str, Any], room: int) -> Bins:
    """The polygons of a TH2Poly by their numbers, then its nine overflow bins."""
    lists = [*histogram["fCells"], histogram["fBins"] or {"arr": []}]
    found = sorted(_polygon_objects(lists), key=lambda polygon: polygon["fNumber"])
    _check_count(len(found) + len(REGIONS), room)
    regions = [AxisBin(f"overflow {number}", None, None, name) for number, name in enumerate(REGIONS, 1)]
    bins = (*(AxisBin(str(each["fNumber"]), None, None, _extent(each)) for each in found), *regions)
    contents = NumberArray([each["fContent"] for each in found] + histogram["fOverflow"])
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
