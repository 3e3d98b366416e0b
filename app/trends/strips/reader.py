"""Reading the values of a strip chart: status and number from the stored lists, the others from the file."""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.formats import Kind, payload
from app.formats.statistics import statistics
from app.gui.catalog.catalog import OpenSample
from app.trends.custom.quantities import STATUS, VALUE, bin_of, statistic_of
from app.trends.custom.store import StoredValue
from app.trends.custom.values import ValueReader


class StripReader(ValueReader):
    """Reads the values of one quantity; only that of a bin needs the limited process."""

    def _computed(self, samples: list[OpenSample], tag: str) -> StoredValue:
        (sample,) = samples
        quantity, path = self.request.metric, self.request.me
        index = sample.names.find(path.encode())
        if index is None:
            return StoredValue(None, None, f"The file has no monitor element {path}", tag)
        if quantity == STATUS:
            status = sample.columns.status[index]
            return StoredValue(float(status), None, "", tag) if status else StoredValue(None, None, "It has no quality tests", tag)
        kind = Kind(sample.columns.kind[index])
        if kind.scalar:
            return _number(sample.scalar(index), quantity, tag)
        if bin_of(quantity):
            return super()._computed(samples, tag)
        if quantity == VALUE:
            return StoredValue(None, None, "It is a histogram in this run", tag)
        name = statistic_of(kind, quantity)
        if not name:
            return StoredValue(None, None, f"It is a {kind.class_name} in this run, which has no {quantity}", tag)
        found = statistics(payload(sample.url, sample.format, sample.columns.row(index), sample.file_version))
        return StoredValue(found.get(name), None, "" if name in found else _no_statistic(quantity, found), tag)


def _no_statistic(quantity: str, found: Mapping[str, float]) -> str:
    """Why a histogram lacks a quantity of its kind."""
    cause = "it has no sums of values within its axes" if found.get("Entries") else "nothing was filled"
    return f"The histogram has no {quantity}: {cause}"


def _number(text: str, quantity: str, tag: str) -> StoredValue:
    if quantity != VALUE:
        return StoredValue(None, None, "It is not a histogram in this run", tag)
    try:
        value = float(text)
    except ValueError:
        return StoredValue(None, None, "It is not a number in this run", tag)
    return StoredValue(value, None, "", tag) if math.isfinite(value) else StoredValue(None, None, f"The number is {text}", tag)
