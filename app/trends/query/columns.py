"""Tables of trends: facts of runs once, and a column of values for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.core.database import rows
from app.core.settings import Settings
from app.trends.models import TrendReason
from app.trends.query.conditions import RunConditions
from app.trends.query.facts_cache import facts_of_runs, known_runs
from app.trends.query.newest_runs import chosen_runs, newest_runs
from app.trends.query.points import NO_REASON, PointColumns
from app.trends.query.reader import PointReader, runs_of
from app.trends.query.run_choice import RunChoice
from app.trends.query.run_columns import UNKNOWN, RunColumns
from app.trends.query.selection import Selection
from app.trends.query.series_key import QUANTITIES, Key, RunQuantity, SeriesKey
from app.trends.query.stored_series import StoredSeries, datasets_of, find_series


@dataclass(frozen=True)
class SeriesColumn:
    """The points of a series, or a quantity, in the runs of a table.

    Attributes:
        key: Its name.
        title, y_title: As configured; they may contain HTML. `title` may be "".
        values, errors: float64 (n); NaN where there is no point. Quantities have no errors (0).
        texts: Index of a run to a text: the mark of its point ("few entries ..."), or the reason why it has none.
        stored: Metric, MEs, version; None for a quantity of runs and for an unknown series.
    """

    key: Key
    title: str
    y_title: str
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    texts: dict[int, str] = field(default_factory=dict)
    stored: StoredSeries | None = None

    @property
    def name(self) -> str:
        """Name of the trend or quantity."""
        return self.key.name if isinstance(self.key, SeriesKey) else self.key.quantity

    @property
    def is_known(self) -> bool:
        """Whether there is such a series."""
        return self.stored is not None or isinstance(self.key, RunQuantity)

    @property
    def marks(self) -> dict[int, str]:
        """Index of a run to the mark of its point."""
        return {index: text for index, text in self.texts.items() if not np.isnan(self.values[index])}

    @property
    def reasons(self) -> dict[int, str]:
        """Index of a run to the reason why it has no point."""
        return {index: text for index, text in self.texts.items() if np.isnan(self.values[index])}


_HIDDEN = (
    "{:,} runs are hidden: they are not significant, or their class is unknown or another one.",
    "1 run is hidden: it is not significant, or its class is unknown or another one.",
)


@dataclass(frozen=True)
class TrendTable:
    """Series of the same n runs.

    Attributes:
        runs: The runs, ascending.
        series: A column for each key, in their order; with older versions, these follow the current one.
        hidden: Number of runs that the conditions hide; among the newest runs, those newer than the first of the table.
    """

    runs: RunColumns
    series: list[SeriesColumn]
    hidden: int

    @property
    def note(self) -> str:
        """What somebody who looks at the table should know; "" for nothing."""
        unknown = int(np.count_nonzero(self.runs.significant == UNKNOWN))
        sentences = [
            f"{unknown:,} of {len(self.runs):,} runs are shown although it is not known whether they are significant." if unknown else "",
            _HIDDEN[self.hidden == 1].format(self.hidden) if self.hidden else "",
            *(f"There is no series {column.key}." for column in self.series if not column.is_known),
        ]
        return " ".join(filter(None, sentences))


def read_table(keys: Sequence[Key], choice: RunChoice, conditions: RunConditions, settings: Settings, *, older: bool = False) -> TrendTable:
    """The points of series in the chosen runs.

    `latest:N` are the newest N runs that meet the conditions and have a point of any trend of the selections of the keys, so all
    charts of a selection have the same runs. Of other choices, runs without a stored result of any of the keys are left out.

    Args:
        older: Also the older versions of trends, each as a column of its own, and those of retired trends.

    Raises:
        UnknownGolden: The choice names a golden JSON that this hub does not have.
    """
    found = find_series([key for key in keys if isinstance(key, SeriesKey)], older=older)
    reader = PointReader(series for each in found.values() for series in each)
    selections = {Selection.of(key) for key in found}
    candidates = candidate_runs(keys, choice, settings)
    facts = facts_of_runs(candidates, settings)
    met = conditions.met_by(facts)
    if choice.latest and found:
        wanted = newest_runs(candidates[met], choice.latest, reader, selections)
    else:
        wanted = candidates[met][-choice.latest :] if choice.latest else candidates[met]
        reader.read(wanted)
    points = {id(series): reader.points(series) for each in found.values() for series in each}
    if found and not choice.latest:
        wanted = wanted[np.isin(wanted, _union([each.run for each in points.values()]))]
    is_hidden = ~met & (candidates >= wanted[0]) if choice.latest and len(wanted) else ~met
    runs = facts.where(np.searchsorted(candidates, wanted))
    columns = [column for key in keys for column in _columns_of(key, found, points, runs)]
    return TrendTable(runs, columns, int(np.count_nonzero(is_hidden)))


def candidate_runs(keys: Sequence[Key], choice: RunChoice, settings: Settings) -> NDArray[np.int32]:
    """The chosen runs, ascending, for which anything is stored in the datasets of the keys, whatever the conditions.

    A number of the latest runs chooses all. Without series it is all runs of this hub.
    """
    selections = {Selection.of(key) for key in keys if isinstance(key, SeriesKey)}
    return chosen_runs(runs_of(datasets_of(selections)) if selections else known_runs(settings), choice)


def _union(runs: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.unique(np.concatenate(runs)) if runs else np.zeros(0, dtype=np.int32)


def _columns_of(
    key: Key, found: dict[SeriesKey, list[StoredSeries]], points: dict[int, PointColumns], runs: RunColumns
) -> list[SeriesColumn]:
    if isinstance(key, RunQuantity):
        title, unit = QUANTITIES[key.quantity]
        values = getattr(runs, key.quantity)
        return [SeriesColumn(key, title, f"{title} ({unit})", values, np.where(np.isnan(values), np.nan, 0.0))]
    columns = [_column(series, points[id(series)], runs) for series in found[key]]
    nothing = np.full(len(runs), np.nan)
    return columns or [SeriesColumn(key, "", "", nothing, nothing)]


def _column(series: StoredSeries, points: PointColumns, runs: RunColumns) -> SeriesColumn:
    place = np.searchsorted(runs.run, points.run)
    place[place == len(runs)] = 0
    here = runs.run[place] == points.run if len(runs) else np.zeros(len(place), dtype=bool)
    place, points = place[here], points.where(here)
    values, errors = np.full(len(runs), np.nan), np.full(len(runs), np.nan)
    values[place], errors[place] = points.value, points.error
    return SeriesColumn(series.key, series.title, series.y_title, values, errors, _texts(place, points), series)


def _texts(place: NDArray[np.intp], points: PointColumns) -> dict[int, str]:
    with_text = points.reason != NO_REASON
    if not with_text.any():
        return {}
    reasons = points.reason[with_text].tolist()
    texts = dict(rows(TrendReason.select(TrendReason.id, TrendReason.text).where(TrendReason.id.in_(set(reasons)))))
    return {index: texts[reason] for index, reason in zip(place[with_text].tolist(), reasons, strict=True)}
