"""Beside each run of a table: the mark of its point, or why it has none."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.gui.files.shown import shown_text
from app.trends.query.columns import SeriesColumn
from app.trends.query.run_columns import RunColumns
from app.trends.query.run_states import MissingPoint, missing_points
from app.trends.query.series_key import SeriesKey

ABSENT = "the file lacks a monitor element of the trend"
WAITING = "the file is not extracted yet"
NO_FILE = "no file of this dataset"
UNKNOWN_QUANTITY = "OMS has no value, or was not asked yet"


def notes_of(column: SeriesColumn, runs: RunColumns, indexes: Iterable[int]) -> dict[int, str]:
    """The notes on some runs of a series by their index."""
    chosen = list(indexes)
    missing = [index for index in chosen if np.isnan(column.values[index])]
    notes = {index: text for index, text in column.marks.items() if index in set(chosen)}
    if not isinstance(column.key, SeriesKey):
        return notes | dict.fromkeys(missing, UNKNOWN_QUANTITY)
    series = [part.id for part in column.stored.parts] if column.stored else []
    found = missing_points(column.key, series, [int(runs.run[index]) for index in missing])
    return notes | {index: _text(each) for index, each in zip(missing, found, strict=True)}


def _text(missing: MissingPoint) -> str:
    reason = shown_text(missing.text, missing.url)
    match missing.cause:
        case "reason":
            return reason
        case "absent":
            return ABSENT
        case "failed":
            return f"the file is not extracted: {reason}"
        case "partial":
            return f"a part of the file cannot be read, perhaps that with a monitor element of the trend: {reason}"
        case "waiting":
            return WAITING
        case "no file":
            return NO_FILE
