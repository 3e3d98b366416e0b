"""Reading the values of a strip chart: status and number from the stored lists, the others from the file."""

from __future__ import annotations

import math

from app.formats import Kind, payload
from app.formats.statistics import statistics
from app.gui.catalog.catalog import OpenSample
from app.trends.custom.quantities import STATUS, VALUE, bin_of
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
        if Kind(sample.columns.kind[index]).scalar:
            return _number(sample.scalar(index), quantity, tag)
        if bin_of(quantity):
            return super()._computed(samples, tag)
        if quantity == VALUE:
            return StoredValue(None, None, "It is a histogram in this run", tag)
        value = statistics(payload(sample.url, sample.format, sample.columns.row(index), sample.file_version)).get(quantity)
        return StoredValue(value, None, "" if value is not None else f"The histogram has no {quantity}: nothing was filled", tag)


def _number(text: str, quantity: str, tag: str) -> StoredValue:
    if quantity != VALUE:
        return StoredValue(None, None, "It is no histogram in this run", tag)
    try:
        value = float(text)
    except ValueError:
        return StoredValue(None, None, "It is no number in this run", tag)
    return StoredValue(value, None, "", tag) if math.isfinite(value) else StoredValue(None, None, f"The number is {text}", tag)
