"""How long what was grabbed is kept, removed in steps so small that nobody waits for the database; and how much comes each day.

Rows of runs and jobs stay: they are small, and the timeline is made of them. Of a pinned run everything stays.
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
"""Rows removed at a time."""
LETTERS_DAYS = 30


class Growth(NamedTuple):
    """What one day (UTC, as 2026-10-25) brought of one type of document: how many, and their space in the database, bytes."""

    day: str
    system: str
    type: str
    documents: int
    bytes: int


def growth(days: int = 14) -> list[Growth]:
    """What came in the last days, the newest first."""
    day = fn.FLOOR(Document.created / SQL("86400"))  # a parameter would make it another expression to PostgreSQL each time
    found = (
        Document.select(day, Document.system, Document.type, fn.COUNT(Document.id), fn.SUM(Document.bytes))
        .where(Document.created >= (time.time() // 86400 - days + 1) * 86400)
        .group_by(day, Document.system, Document.type)
        .order_by(day.desc(), Document.system, Document.type)
    )
    return [
        Growth(time.strftime("%Y-%m-%d", time.gmtime(float(number) * 86400)), system, kind, int(count), int(size))
        for number, system, kind, count, size in rows(found)
    ]


def clean(settings: Settings, report: Callable[[str], object]) -> dict[str, int]:
    """Remove what is too old; how many rows of each kind went. `report` is told after each step."""
    removed: dict[str, int] = {}
    for kind, step in _steps(settings):
        removed.setdefault(kind, 0)
        while count := step():
            removed[kind] += count
            report(", ".join(f"{number} {name}" for name, number in removed.items()))
    return removed


def _steps(settings: Settings) -> Iterator[tuple[str, Callable[[], int]]]:
    """Each kind, with a function that removes at most BATCH rows of it and says how many."""
    now = time.time()

    def before(days: int) -> float:
        return now - days * 86400

    yield "logs", _remover(Log, "received", before(settings.of(SquareSettings).square_keep_logs_days), _pinned_job)
    yield "graphs", _remover(Graph, "received", before(settings.of(SquareSettings).square_keep_graphs_days), _pinned)
    yield "documents", _remover(Document, "received", before(settings.of(SquareSettings).square_keep_documents_days), _pinned)
    yield "statuses", _remover(HostStatus, "last", before(settings.of(SquareSettings).square_keep_statuses_days))
    yield "dead letters", _remover(DeadLetter, "last", before(LETTERS_DAYS))


def _pinned(row: Any) -> Query:
    """The pin of the run of a document or graph."""
    return Pin.select(SQL("1")).where(Pin.system == row.system, Pin.run == row.run)


def _pinned_job(row: Any) -> Query:
    """The pin of the run of a log, by its job: the document may be gone since before the pin."""
    same = (Job.system == Pin.system) & (Job.run == Pin.run)
    return Pin.select(SQL("1")).join(Job, on=same).where(Job.system == row.system, Job.key == row.key)


def _remover(table: type[Table], age: str, before: float, pin: Callable[[Any], Query] | None = None) -> Callable[[], int]:
    """Removes the oldest rows whose column `age` is a time before, in one statement: a pin set meanwhile counts from the next step on."""
    row = table.alias()
    old = row.select(row.id).where(getattr(row, age) < before).order_by(getattr(row, age)).limit(BATCH)
    old = old.where(~fn.EXISTS(pin(row))) if pin else old
    return lambda: int(table.delete().where(table.id.in_(old)).execute())
