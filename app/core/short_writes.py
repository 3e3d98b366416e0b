"""Writing much in short transactions, so that other writers are never kept waiting for long.

SQLite has one writer at a time, and no queue: a waiting writer tries again at least every 0.1 s. A longer pause after each
transaction gives every writer a turn. PostgreSQL locks rows only, and needs no pause.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from app.core.database import is_sqlite, proxy, rows

Item = TypeVar("Item")
Result = TypeVar("Result")

TARGET_S = 0.1
"""Time that a transaction should take once it has the lock; the next one has as many items as fit into it."""

FIRST_ITEMS = 100
"""Items of the first transaction."""

MOST_ITEMS = 1000
"""Most items of a transaction, however fast the machine is, unless the caller says that each of them is cheap."""

PAUSE_S = 0.11
"""Between two transactions on SQLite."""


def short_transactions(items: Sequence[Item], store: Callable[[Sequence[Item]], Result], most: int = MOST_ITEMS) -> Iterator[Result]:
    """Store items in the given order, some in each transaction; yields the result of each.

    Must not be called within a transaction, which would hold the lock all the time.

    Args:
        items: Any number of them.
        store: Stores some of them within a transaction.
        most: Most items of a transaction.
    """
    if proxy.in_transaction():
        raise RuntimeError("Many short transactions were begun within one that lasts until their end")
    start, size = 0, FIRST_ITEMS
    while start < len(items):
        batch = items[start : start + size]
        with proxy.atomic():
            began = time.monotonic()  # not before: the wait for the lock says nothing of the items
            result = store(batch)
            elapsed = time.monotonic() - began
        start += len(batch)
        size = fitting(len(batch), elapsed, most)
        yield result
        if start < len(items):
            give_way()


def fitting(items: int, elapsed_s: float, most: int) -> int:
    """Items that fit into TARGET_S, from the number and time of the last ones: at most four times as many, since those may be cheap."""
    return max(1, min(most, int(items * min(TARGET_S / max(elapsed_s, 1e-6), 4))))


def give_way() -> None:
    """Let another writer have the lock."""
    if is_sqlite():
        time.sleep(PAUSE_S)


def delete_rows(table: Any, *where: Any) -> int:
    """Delete the rows of a selection in short transactions, each row only if it still belongs to it; returns their number."""
    key = table._meta.primary_key
    found = [number for (number,) in rows(table.select(key).where(*where).order_by(key))]
    return sum(short_transactions(found, lambda keys: int(table.delete().where(key.in_(list(keys)), *where).execute())))
