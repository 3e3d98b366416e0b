"""Storing the points of one run of a dataset, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from peewee import Database, chunked, fn

from app.core.database import proxy, rows
from app.trends.extraction_state import Counts
from app.trends.models import TrendDataset, TrendFile, TrendPoint, TrendReason, TrendRun, TrendSeries, TrendVersion
from app.trends.outcomes import Outcome

BATCH = 500


def store_points(dataset: int, run: int, file: int, outcomes: Iterable[Outcome]) -> None:
    """Store outcomes as points of a run, in place of those that are there. Must run in a transaction."""
    _note_change(dataset)
    TrendRun.insert(dataset=dataset, run=run).on_conflict_ignore().execute()
    outcomes = list(outcomes)
    series = series_of(dataset, [outcome.version for outcome in outcomes])
    reasons = _reason_ids({outcome.reason for outcome in outcomes if outcome.reason})
    values = [(series[version], run, *(value or (None, None)), file, reasons.get(reason)) for version, value, reason in outcomes]
    proxy.execute_many(_upsert_sql(proxy.obj), values)


def store_missing_points(dataset: int, run: int, file: int, outcomes: list[Outcome]) -> None:
    """Store the outcomes of trends that have no point in this run yet. Must run in a transaction."""
    query = TrendPoint.select(TrendSeries.version).join(TrendSeries, on=(TrendPoint.series == TrendSeries.id))
    there = {version for (version,) in rows(query.where(TrendSeries.dataset == dataset, TrendPoint.run == run))}
    store_points(dataset, run, file, [outcome for outcome in outcomes if outcome.version not in there])


def count_points(dataset: int, run: int) -> Counts:
    """The points of the current versions of trends in a run, the reasons in place of points, and the trends without either."""
    current = TrendVersion.activated.is_null(False)
    query = TrendPoint.select(fn.COUNT(TrendPoint.value), fn.COUNT(TrendPoint.run))
    query = query.join(TrendSeries, on=(TrendPoint.series == TrendSeries.id)).join(
        TrendVersion, on=(TrendSeries.version == TrendVersion.id)
    )
    points, found = rows(query.where(TrendSeries.dataset == dataset, TrendPoint.run == run, current))[0]
    return Counts(points, found - points, TrendVersion.select().where(current).count() - found)


def remove_points(dataset: int, run: int, versions: Iterable[int]) -> None:
    """Remove the points of these versions of trends in a run: its new file lacks their monitor elements. Must run in a transaction."""
    _note_change(dataset)
    for batch in chunked(versions, BATCH):
        stale = TrendSeries.select(TrendSeries.id).where(TrendSeries.dataset == dataset, TrendSeries.version.in_(batch))
        TrendPoint.delete().where(TrendPoint.series.in_(stale), TrendPoint.run == run).execute()


def _note_change(dataset: int) -> None:
    """Let readers that keep points of a dataset in memory read them again."""
    TrendDataset.update(changed=TrendDataset.changed + 1).where(TrendDataset.id == dataset).execute()


@lru_cache(maxsize=1)
def _upsert_sql(database: Database) -> str:
    """The statement, cached because peewee takes longer to build it than the database to insert a row."""
    changed = [TrendPoint.value, TrendPoint.error, TrendPoint.file, TrendPoint.reason]
    fields = [TrendPoint.series, TrendPoint.run, *changed]
    insert = TrendPoint.insert(dict.fromkeys(fields, 0))
    sql: str = insert.on_conflict(conflict_target=[TrendPoint.series, TrendPoint.run], preserve=changed).sql()[0]
    return sql


def series_of(dataset: int, versions: list[int]) -> dict[int, int]:
    """The series of each version of a trend in a dataset; missing ones are made."""
    query = TrendSeries.select(TrendSeries.version, TrendSeries.id).where(TrendSeries.dataset == dataset)
    found = dict(rows(query))
    missing = [version for version in versions if version not in found]
    for batch in chunked(missing, BATCH):
        TrendSeries.insert_many([{"version": version, "dataset": dataset} for version in batch]).on_conflict_ignore().execute()
    return dict(rows(query)) if missing else found


def file_id(url: str, size: int, mtime_ns: int) -> int:
    """The id of a version of a file."""
    values: dict[str, Any] = {"url": url, "size": size, "mtime_ns": mtime_ns}
    TrendFile.insert(values).on_conflict_ignore().execute()
    fields = TrendFile.url == url, TrendFile.size == size, TrendFile.mtime_ns == mtime_ns
    return int(rows(TrendFile.select(TrendFile.id).where(*fields))[0][0])


def _reason_ids(texts: set[str]) -> dict[str, int]:
    if not texts:
        return {}
    query = TrendReason.select(TrendReason.text, TrendReason.id).where(TrendReason.text.in_(list(texts)))
    found = dict(rows(query))
    if missing := texts - found.keys():
        TrendReason.insert_many([{"text": text} for text in missing]).on_conflict_ignore().execute()
        found = dict(rows(query))
    return found
