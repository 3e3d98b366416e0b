"""A number that grows with each change of what tables of trends show."""

from __future__ import annotations

from collections.abc import Iterable

from peewee import fn

from app.core.counters import version_of
from app.core.database import rows
from app.runs.models import COUNTER as FACTS
from app.trends.models import TrendDataset
from app.trends.query.selection import Selection
from app.trends.query.series_key import Key, SeriesKey
from app.trends.query.stored_series import datasets_of
from app.trends.versions import COUNTER as CONFIGURATIONS


def change_number(selections: Iterable[Selection] | None = None) -> int:
    """Grows when points of the selections, facts of runs or configurations of trends change; without selections: any points.

    It is the sum of numbers that never shrink. A page with this number is as it would be made now, by the same version of the
    product with the same settings.
    """
    if selections is None:
        points = rows(TrendDataset.select(fn.SUM(TrendDataset.changed)))[0][0] or 0
    else:
        points = sum(dataset.changed for dataset in datasets_of(selections))
    return int(points) + version_of(FACTS) + version_of(CONFIGURATIONS)


def changes_of(keys: Iterable[Key]) -> int:
    """`change_number` of the selections of some series. Quantities of runs change with the facts, which always count."""
    return change_number({Selection.of(key) for key in keys if isinstance(key, SeriesKey)})
