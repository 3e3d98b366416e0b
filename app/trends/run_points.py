"""The points of a run in current trends, for pages of other areas."""

from __future__ import annotations

from peewee import JOIN

from app.core.area import RunPoint
from app.core.database import rows
from app.trends.models import LARGEST_RUN, Trend, TrendDataset, TrendPoint, TrendReason, TrendRun, TrendSeries, TrendVersion
from app.trends.pages.point_link import point_address
from app.trends.pages.titles import plain_title
from app.trends.pages.value_text import value_text
from app.trends.query.series_key import SeriesKey

ORDER = (Trend.subsystem, Trend.name, TrendDataset.primary_dataset, TrendDataset.processing)


def run_points(run: int, dataset: str, limit: int) -> list[RunPoint]:
    """The points of a run in trends that are computed, by subsystem and name. dataset: of the run; "" for all of them."""
    if not 0 < run <= LARGEST_RUN:
        return []
    named = TrendDataset.name == dataset if dataset else TrendDataset.id.is_null(False)
    known = [number for (number,) in rows(TrendDataset.select(TrendDataset.id).where(named))]
    own = [number for (number,) in rows(TrendRun.select(TrendRun.dataset).where(TrendRun.dataset.in_(known), TrendRun.run == run))]
    query = (
        TrendPoint.select(*ORDER, Trend.title, TrendPoint.value, TrendPoint.error, TrendReason.text)
        .join(TrendSeries)
        .join(TrendVersion)
        .join(Trend)
        .join_from(TrendSeries, TrendDataset)
        .join_from(TrendPoint, TrendReason, JOIN.LEFT_OUTER)
        .where(TrendSeries.dataset.in_(own), TrendPoint.run == run, TrendVersion.activated.is_null(False), ~Trend.retired)
    )
    return [_point(run, *row) for row in rows(query.order_by(*ORDER).limit(limit))]


def _point(
    run: int,
    subsystem: str,
    name: str,
    primary: str,
    processing: str,
    title: str,
    value: float | None,
    error: float | None,
    reason: str | None,
) -> RunPoint:
    address = point_address(SeriesKey(subsystem, name, primary, processing), run)
    text = "" if value is None else value_text(value, error)
    return RunPoint(f"{subsystem}: {plain_title(title) or name}", f"{primary} {processing}", text, reason or "", address)
