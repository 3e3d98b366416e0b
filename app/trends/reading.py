"""Histograms from the bytes of a file, read with uproot."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import uproot
from uproot.source.chunk import Chunk
from uproot.source.cursor import Cursor

from app.formats import FormatError
from app.trends.axis import BinnedAxis
from app.trends.buffered_entries import COUNTS_FLOW, with_buffered_entries
from app.trends.histogram import Histogram, Sums

if TYPE_CHECKING:
    from app.formats import Payload
    from app.trends.histogram import Cells

_CLASS_NAME = 8
"""Index of the class name in a framed object."""
_RESTRICTED = 1 << 11
"""`TAxis::kAxisRange`."""
_ALPHANUMERIC, _CAN_EXTEND, _NUMERIC = 1, 2, 4
"""Bits of `TAxis::fBits2`."""
_NO_MAXIMUM = -1111
"""Value of `TH1::fMaximum` without a limit."""
_SPREAD, _SPREAD_OR_UNIT, _WEIGHT = 1, 2, 3
"""Values of `TProfile::fErrorMode`; 0 is the error of the mean."""


class Classes(uproot.reading.ReadOnlyFile):  # type: ignore[misc]  # uproot is not typed
    """The classes that uproot reads without a file, in place of the file that it expects."""

    def __init__(self) -> None:
        self._custom_classes = None
        self._file_path = "a histogram"
        # uproot looks a class up for each axis and attribute of a histogram, which takes a tenth of the time of reading it.
        self.class_named = lru_cache(maxsize=256)(super().class_named)

    @property
    def streamers(self) -> dict[str, Any]:
        """None: a class in another version is refused."""
        return {}


_CLASSES = Classes()


def read_histogram(payload: Payload, classes: uproot.reading.ReadOnlyFile | None = None) -> Histogram:
    """The histogram in a payload.

    Args:
        payload: As `app.formats.payload` returns it.
        classes: A file of uproot with the StreamerInfo of classes in old versions.

    Raises `FormatError` when uproot does not read the bytes, and `MemoryError`.
    """
    name = "histogram"
    classes = classes or _CLASSES
    try:
        end = payload.data.index(b"\0", _CLASS_NAME)
        name = payload.data[_CLASS_NAME:end].decode("ascii")
        chunk = Chunk.wrap(None, np.frombuffer(payload.data, np.uint8))
        cursor = Cursor(end + 1, origin=-payload.displacement)
        model = uproot.classes[name].read(chunk, cursor, {}, classes, classes, None)
        histogram = model.bases[0] if name.startswith("TProfile") else model
        with np.errstate(all="ignore"):  # of contents that are not finite
            return _histogram(name, model.all_members, np.asarray(histogram.bases[-1], np.float64))
    except MemoryError:
        raise
    except Exception as error:  # on damaged bytes uproot fails in any way
        raise FormatError(
            f"is no {name} that can be read ({type(error).__name__}: {_text(error):.200})",
            "a histogram",
            "a class and version of ROOT 5.26 or newer",
        ) from error


def _text(error: Exception) -> str:
    """The message of an error; the one of uproot's own errors needs the whole path to the member, which it may lack."""
    try:
        return str(error)
    except (LookupError, AttributeError):
        return "damaged"


def _histogram(name: str, member: dict[str, Any], cells: Cells) -> Histogram:
    dimensions = 1 if name == "TProfile" else int(next(letter for letter in name if letter.isdigit()))
    axes = tuple(_axis(member[f"f{letter}axis"]) for letter in "XYZ"[:dimensions])
    shape = tuple(axis.count + 2 for axis in reversed(axes))
    member, cells = with_buffered_entries(member, cells, axes)
    cells = cells.reshape(shape)
    squares = np.asarray(member["fSumw2"], np.float64)
    moments = [(member[f"fTsumw{letter}"], member[f"fTsumw{letter}2"]) for letter in "xyz"[:dimensions]]
    common = {
        "class_name": name,
        "axes": axes,
        "entries": member["fEntries"],
        "maximum": None if member["fMaximum"] == _NO_MAXIMUM else member["fMaximum"],
        "counts_flow": member.get("fStatOverflows") == COUNTS_FLOW,
    }
    if not name.startswith("TProfile"):
        errors = np.sqrt(squares.reshape(shape) if squares.size else np.abs(cells))
        stored = Sums(member["fTsumw"], member["fTsumw2"], tuple(moments))
        squared_weights = squares.reshape(shape) if squares.size else cells
        return Histogram(contents=cells, errors=errors, weights=cells, squared_weights=squared_weights, stored=stored, **common)
    squares = squares.reshape(shape)
    letter = "xyz"[dimensions]
    moments.append((member[f"fTsumw{letter}"], member[f"fTsumw{letter}2"]))
    weights = np.asarray(member["fBinEntries"], np.float64).reshape(shape)
    squared_weights = np.asarray(member["fBinSumw2"], np.float64)
    squared_weights = squared_weights.reshape(shape) if squared_weights.size else weights
    return Histogram(
        contents=np.divide(cells, weights, out=np.zeros(shape), where=weights != 0),
        errors=profile_errors(cells, squares, weights, squared_weights, member["fErrorMode"]),
        weights=weights,
        squared_weights=squared_weights,
        stored=Sums(member["fTsumw"], member["fTsumw2"], tuple(moments)),
        has_mean_errors=member["fErrorMode"] == 0,
        profile_sums=(cells, squares),
        **common,
    )


def _axis(axis: Any) -> BinnedAxis:
    edges = np.asarray(axis.member("fXbins"), np.float64)
    bits = axis.member("fBits2", none_if_missing=True) or 0
    labels = axis.member("fLabels", none_if_missing=True)
    return BinnedAxis(
        low=axis.member("fXmin"),
        high=axis.member("fXmax"),
        count=axis.member("fNbins"),
        edges=edges if edges.size else None,
        labels={str(label): label.member("@fUniqueID") for label in labels} if labels else {},
        first=axis.member("fFirst"),
        last=axis.member("fLast"),
        is_restricted=bool(axis.member("@fBits") & _RESTRICTED),
        can_extend=bool(bits & _CAN_EXTEND),
        is_alphanumeric=bool(bits & _ALPHANUMERIC),
        is_numeric=bool(bits & _NUMERIC),
    )


def profile_errors(sums: Cells, squares: Cells, weights: Cells, squared_weights: Cells, mode: int) -> Cells:
    """The errors of a profile, as `TProfile::GetBinError`; 0 for cells without entries.

    Args:
        sums, squares: Of each cell the sums of w*y and of w*y*y.
        weights, squared_weights: Of each cell the sums of w and of w*w.
        mode: `TProfile::fErrorMode`; 0 for the error of the mean.
    """
    errors = np.zeros(sums.shape)
    filled = weights != 0
    total, square, weight, squared = sums[filled], squares[filled], weights[filled], squared_weights[filled]
    with np.errstate(divide="ignore", invalid="ignore"):
        if mode == _WEIGHT:
            errors[filled] = 1 / np.sqrt(weight)
            return errors
        spread = np.sqrt(np.abs(square / weight - (total / weight) ** 2))
        if mode == _SPREAD:
            errors[filled] = spread
            return errors
        effective = np.divide(weight * weight, squared, out=np.zeros(weight.shape), where=squared > 0)
        found = spread / np.sqrt(effective)
        if mode == _SPREAD_OR_UNIT:
            found = np.where(spread == 0, 1 / np.sqrt(12 * effective), found)
        errors[filled] = found
    return errors
