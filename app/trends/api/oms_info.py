"""What OMS has of runs, as the API of HDQM repeats it in each point."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from peewee import chunked

from app.core.database import rows
from app.runs.models import RunRecord

ATTRIBUTES = {
    **{name: name for name in ("b_field", "delivered_lumi", "duration", "end_lumi", "energy", "hlt_key", "hlt_physics_rate")},
    **{name: name for name in ("l1_key", "l1_rate", "recorded_lumi", "stable_beam")},
    "end_time": "end",
    "fill_number": "fill",
    "fill_type_runtime": "fill_type",
    "start_time": "start",
}
"""Names of the attributes there, and of our columns."""

_COLUMNS = [getattr(RunRecord, column) for column in ATTRIBUTES.values()]
BATCH = 500


def oms_info(runs: list[int]) -> dict[int, str]:
    """The attributes of each run as JSON; null for those that are not known. Numbers are plain, in the units of this hub."""
    found = {run: _text(dict.fromkeys(ATTRIBUTES)) for run in runs}
    for batch in chunked(runs, BATCH):
        for run, *values in rows(RunRecord.select(RunRecord.run, *_COLUMNS).where(RunRecord.run.in_(batch))):
            found[run] = _text(dict(zip(ATTRIBUTES, values, strict=True)))
    return found


def _text(values: dict[str, Any]) -> str:
    times = {name: _time(values[name]) for name in ("start_time", "end_time")}
    stable = None if values["stable_beam"] is None else bool(values["stable_beam"])
    return json.dumps(values | times | {"stable_beam": stable}, sort_keys=True, separators=(",", ":"))


def _time(seconds: float | None) -> str | None:
    """A time in the form of OMS, 2022-07-12T21:22:46Z. seconds: Unix s UTC."""
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
