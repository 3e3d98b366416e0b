"""Tables of trends as JSON: columns with null for what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.trends.api.answers import compact_json
from app.trends.query.columns import SeriesColumn, TrendTable
from app.trends.query.run_columns import NO, NUMBERS, YES, RunColumns
from app.trends.query.series_key import SeriesKey

INTEGERS = ("fill",)
"""Facts of runs that are whole numbers."""
_FLAGS = {NO: False, YES: True}


def table_parts(table: TrendTable) -> Iterator[str]:
    """The JSON of the columns of a table, series by series; numbers have their full precision."""
    yield f'{{"runs":{compact_json(run_document(table.runs))},"series":['
    for number, column in enumerate(table.series):
        yield ("," if number else "") + compact_json(series_document(column))
    yield f'],"hidden":{table.hidden},"note":{compact_json(table.note)}}}\n'


def run_document(runs: RunColumns) -> dict[str, list[Any]]:
    """Facts of runs."""
    numbers = {name: with_nulls(getattr(runs, name)) for name in NUMBERS}
    whole = {name: [None if value is None else int(value) for value in numbers[name]] for name in INTEGERS}
    return {
        "run": runs.run.tolist(),
        **numbers,
        **whole,
        "significant": [_FLAGS.get(value) for value in runs.significant.tolist()],
        "run_class": [name or None for name in runs.run_class],
    }


def series_document(column: SeriesColumn) -> dict[str, Any]:
    """A series: what it is, then its values and errors."""
    key, stored = column.key, column.stored
    names = tuple(key) if isinstance(key, SeriesKey) else (None, key.quantity, None, None)
    document: dict[str, Any] = {
        "key": str(key),
        **dict(zip(("subsystem", "name", "pd", "ps"), names, strict=True)),
        "title": column.title or column.name,
        "y_title": column.y_title,
    }
    if stored:
        me, histo1, histo2, reference = stored.mes
        document |= {"metric": stored.metric, "me": me, "histo1": histo1, "histo2": histo2, "reference": reference}
        document |= {"threshold": stored.threshold, "version": stored.version, "current": stored.is_current, "retired": stored.retired}
    texts = {"marks": column.marks, "reasons": column.reasons}
    return document | {"values": with_nulls(column.values), "errors": with_nulls(column.errors)} | texts


def with_nulls(values: NDArray[np.float64]) -> list[float | None]:
    """Numbers as a list, with None for those that are not known."""
    found: list[float | None] = values.tolist()
    return [None if value != value else value for value in found] if np.isnan(values).any() else found
