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

_OF_BIN = re.compile(r"basic\.BinCount\(([0-9]+), True\)")


def quantities_of(kind: Kind) -> tuple[str, ...]:
    """The quantities of a kind of MEs, the usual one first; those of the axes have the names of `app.formats.statistics`."""
    if kind.scalar:
        return (STATUS,) if kind == Kind.STRING else (VALUE, STATUS)
    class_name = kind.class_name
    if class_name.startswith("TH2") or class_name == "TProfile2D":
        return ("Entries", "Mean x", "RMS x", "Mean y", "RMS y", STATUS)
    bins = (BIN,) if dimensions(class_name) == 1 else ()
    return ("Entries", "Mean", "RMS", *bins, STATUS)


def metric_of(quantity: str, number: int) -> str:
    """What is stored as the metric: the quantity, or an expression with the number of the bin."""
    return f"basic.BinCount({number}, True)" if quantity == BIN else quantity


def bin_of(metric: str) -> int:
    """The number of the bin of a stored metric; 0 for that of another quantity."""
    match = _OF_BIN.fullmatch(metric)
    return int(match[1]) if match else 0
