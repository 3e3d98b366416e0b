"""The quantities of a monitor element (ME) that a strip chart can show."""

from __future__ import annotations

import re

from app.formats import Kind
from app.gui.plots.bins import dimensions

STATUS = "Quality status"
"""The worst status of the quality tests, as its code."""
VALUE = "Value"
"""The number of an ME that is one."""
BIN = "Bin"
"""The content of a bin of a histogram with one axis."""

MAX_BIN = 10_000_000

_AXES = {"TH3": " x", "TProfile": " y", "TProfile2D": " z"}
"""The axis of the only mean of classes with several; a profile has that of the averaged quantity."""

_OF_BIN = re.compile(r"basic\.BinCount\(([0-9]+), True\)")


def quantities_of(kind: Kind) -> tuple[str, ...]:
    """The quantities of a kind of MEs, the usual one first."""
    if kind.scalar:
        return (STATUS,) if kind == Kind.STRING else (VALUE, STATUS)
    bins = (BIN,) if dimensions(kind.class_name) == 1 else ()
    return (*_statistics(kind.class_name), *bins, STATUS)


def statistic_of(kind: Kind, quantity: str) -> str:
    """The name of a quantity of a histogram in `app.formats.statistics`; "" if its kind has no such quantity.

    >>> statistic_of(Kind.TPROFILE, "Mean y"), statistic_of(Kind.TH1F, "Mean y")
    ('Mean', '')
    """
    return _statistics(kind.class_name).get(quantity, "")


def _statistics(class_name: str) -> dict[str, str]:
    """The statistics of a class of histograms with the axis that ROOT names beside its plots, and their names in the sums."""
    if class_name.startswith("TH2"):
        return {name: name for name in ("Entries", "Mean x", "RMS x", "Mean y", "RMS y")}
    axis = _AXES.get(class_name[:3] if class_name.startswith("TH3") else class_name, "")
    return {"Entries": "Entries", f"Mean{axis}": "Mean", f"RMS{axis}": "RMS"}


def metric_of(quantity: str, number: int) -> str:
    """What is stored as the metric: the quantity, or an expression with the number of the bin."""
    return f"basic.BinCount({number}, True)" if quantity == BIN else quantity


def bin_of(metric: str) -> int:
    """The number of the bin of a stored metric; 0 for that of another quantity."""
    match = _OF_BIN.fullmatch(metric)
    return int(match[1]) if match else 0
