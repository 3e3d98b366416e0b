"""Deletion of old data in small steps, so that other processes need not wait for the database; and the growth per day.

Rows of runs and jobs stay: they are small, and the timeline consists of them. Nothing of a pinned run is deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from peewee import SQL, Query, fn

from app.core.database import Table, rows
from app.core.settings import Settings
from app.square.models import DeadLetter, Document, Graph, HostStatus, Job, Log, Pin
from app.square.settings import SquareSettings

BATCH = 500
"""Rows deleted by one statement."""

DEAD_LETTER_DAYS = 30

DAY_S = 86400


class Growth(NamedTuple):
    """New documents of one type on one day."""

    day: str  # UTC, as 2026-10-25
    system: str
    type: str
    documents: int
    bytes: int  # in the database


def daily_growth(days: int = 14) -> list[Growth]:
    """The growth of the last days, newest first."""
    day = fn.FLOOR(Document.created / SQL(str(DAY_S)))  # with a parameter PostgreSQL would see different expressions
    found = (
        Document.select(day, Document.system, Document.type, fn.COUNT(Document.id), fn.SUM(Document.bytes))
        .where(Document.created >= (time.time() // DAY_S - days + 1) * DAY_S)
        .group_by(day, Document.system, Document.type)
        .order_by(day.desc(), Document.system, Document.type)
    )
    return [
        Growth(time.strftime("%Y-%m-%d", time.gmtime(float(number) * DAY_S)), system, kind, int(count), int(size))
        for number, system, kind, count, size in rows(found)
    ]


def delete_old(settings: Settings, report: Callable[[str], object]) -> dict[str, int]:
    """Delete data that are older than the settings allow; the number of rows of each kind.

    Args:
        report: Called with the progress after each step.
    """
    deleted: dict[str, int] = {}
    for kind, delete_batch in _deletions(settings):
        deleted.setdefault(kind, 0)
        while count := delete_batch():
            deleted[kind] += count
            report(", ".join(f"{number} {name}" for name, number in deleted.items()))
    return deleted


def _deletions(settings: Settings) -> Iterator[tuple[str, Callable[[], int]]]:
    """Each kind of data, with a function that deletes at most BATCH rows and returns their number."""
    now, square = time.time(), settings.of(SquareSettings)

    def before(days: int) -> float:
        return now - days * DAY_S

    yield "logs", _deletion(Log, "received", before(square.square_keep_logs_days), _pin_of_log)
    yield "graphs", _deletion(Graph, "received", before(square.square_keep_graphs_days), _pin_of_run)
    yield "documents", _deletion(Document, "received", before(square.square_keep_documents_days), _pin_of_run)
    yield "statuses", _deletion(HostStatus, "last", before(square.square_keep_statuses_days))
    yield "dead letters", _deletion(DeadLetter, "last", before(DEAD_LETTER_DAYS))


def _pin_of_run(row: Any) -> Query:
    """The pin of the run of a document or graph."""
    return Pin.select(SQL("1")).where(Pin.system == row.system, Pin.run == row.run)


def _pin_of_log(row: Any) -> Query:
    """The pin of the run of a log, through its job: its document may have been deleted before the run was pinned."""
    same = (Job.system == Pin.system) & (Job.run == Pin.run)
    return Pin.select(SQL("1")).join(Job, on=same).where(Job.system == row.system, Job.key == row.key)


def _deletion(table: type[Table], column: str, before: float, pin_of: Callable[[Any], Query] | None = None) -> Callable[[], int]:
    """Deletes the oldest rows by one statement, so that a pin set meanwhile counts from the next batch on.

    Args:
        column: Column with the time of a row, which must be earlier than `before`.
        pin_of: Query for the pin of a row, which keeps it.
    """
    row = table.alias()
    old = row.select(row.id).where(getattr(row, column) < before).order_by(getattr(row, column)).limit(BATCH)
    old = old.where(~fn.EXISTS(pin_of(row))) if pin_of else old
    return lambda: int(table.delete().where(table.id.in_(old)).execute())
