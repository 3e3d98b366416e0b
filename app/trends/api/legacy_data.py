"""The answer of /hdqm/api/data, made trend by trend: the original repeats what OMS has of a run in each point."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from app.core.settings import Settings
from app.runs.settings import RunsSettings
from app.trends.api.legacy_arguments import DataRequest
from app.trends.api.oms_info import oms_info
from app.trends.query.columns import SeriesColumn, read_table
from app.trends.query.conditions import KNOWN, SIGNIFICANT, RunConditions
from app.trends.query.run_choice import RunChoice
from app.trends.query.stored_series import StoredSeries, series_number

SERIES_AT_ONCE = 20
"""Series that are read together, to bound the memory."""


def data_parts(wanted: DataRequest, settings: Settings) -> Iterator[str]:
    """The texts of the answer, one for each trend; only significant runs, ascending.

    A trend that an id names has the points of its newest version with points. One whose points are gone since it was looked up is
    left out.
    """
    conditions = RunConditions(KNOWN if settings.of(RunsSettings).runs_rr_url else SIGNIFICANT)
    choice = wanted.choice
    if choice.latest:  # once for all, the newest runs of the selection
        runs = read_table(wanted.keys[:1], choice, conditions, settings, older=wanted.by_id).runs.run.tolist()
        choice = RunChoice.of(runs) if runs else choice
    known: dict[int, str] = {}
    separator = ""
    yield "["
    for begin in range(0, len(wanted.keys), SERIES_AT_ONCE):
        table = read_table(wanted.keys[begin : begin + SERIES_AT_ONCE], choice, conditions, settings, older=wanted.by_id)
        runs = table.runs.run.tolist()
        known |= oms_info([run for run in runs if run not in known])
        newest = {column.key: column for column in reversed(table.series)}
        for column in reversed(newest.values()):
            if column.stored:
                yield separator + _trend(column, column.stored, runs, known)
                separator = ","
    yield "]\n"


def _trend(column: SeriesColumn, stored: StoredSeries, runs: list[int], known: dict[int, str]) -> str:
    points = zip(runs, column.values.tolist(), column.errors.tolist(), (~np.isnan(column.values)).tolist(), strict=True)
    trends = ",".join(
        f'{{"error":{error!r},"oms_info":{known[run]},"run":{run},"value":{value!r}}}'
        for run, value, error, has_point in points
        if has_point
    )
    return f'{{"metadata":{json.dumps(_metadata(stored), sort_keys=True)},"trends":[{trends}]}}'


def _metadata(stored: StoredSeries) -> dict[str, object]:
    key = stored.key
    me, histo1, histo2, reference = (path or None for path in stored.mes)
    return {
        "name": key.name,
        "plot_title": stored.title or key.name,
        "y_title": stored.y_title,
        "subsystem": key.subsystem,
        "pd": key.primary_dataset,
        "processing_string": key.processing,
        "relative_path": me,
        "histo1_path": histo1,
        "histo2_path": histo2,
        "reference_path": reference,
        "trend_id": series_number(stored),
    }
