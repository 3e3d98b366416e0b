"""Beside each run of a table: the mark of its point, or why it has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from app.gui.files.shown import shown_text
from app.trends.query.columns import SeriesColumn
from app.trends.query.run_columns import RunColumns
from app.trends.query.run_states import MissingPoint, missing_of_all
from app.trends.query.series_key import SeriesKey

ABSENT = "the file lacks a monitor element of the trend"
WAITING = "the file is not extracted yet"
NO_FILE = "no file of this dataset"
UNKNOWN_QUANTITY = "OMS has no value, or was not asked yet"


def notes_of(column: SeriesColumn, runs: RunColumns, indexes: Iterable[int]) -> dict[int, str]:
    """The notes on some runs of a series by their index."""
    return notes_of_all([column], runs, indexes)[0]


def notes_of_all(columns: Sequence[SeriesColumn], runs: RunColumns, indexes: Iterable[int]) -> list[dict[int, str]]:
    """The notes on some runs of each series by their index. What is known of the files of a dataset is read once for its series."""
    chosen = list(indexes)
    wanted = set(chosen)
    missing = [[index for index in chosen if np.isnan(column.values[index])] for column in columns]
    notes = [{index: text for index, text in column.marks.items() if index in wanted} for column in columns]
    places: dict[tuple[str, str], list[int]] = {}
    for place, column in enumerate(columns):
        if isinstance(column.key, SeriesKey):
            places.setdefault(column.key[2:], []).append(place)
        else:
            notes[place] |= dict.fromkeys(missing[place], UNKNOWN_QUANTITY)
    for dataset, together in places.items():
        series = [(_ids(columns[place]), runs.run[missing[place]].tolist()) for place in together]
        for place, found in zip(together, missing_of_all(*dataset, series), strict=True):
            notes[place] |= {index: _text(each) for index, each in zip(missing[place], found, strict=True)}
    return notes


def _ids(column: SeriesColumn) -> list[int]:
    return [part.id for part in column.stored.parts] if column.stored else []


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
