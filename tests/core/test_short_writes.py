"""Much that is written in short transactions."""

from __future__ import annotations

import sqlite3

import pytest

from app.core import short_writes
from app.core.database import proxy
from app.core.settings import Settings
from app.core.short_writes import MOST_ITEMS, TARGET_S, delete_rows, fitting, short_transactions
from app.gui.models import Dataset

SQLITE_LONGEST_DELAY_S = 0.1
"""Between two looks of SQLite at a locked database: the last of `delays` in sqliteDefaultBusyCallback, main.c."""


def add(names: list[str]) -> int:
    Dataset.insert_many([{"name": name} for name in names]).execute()
    return len(names)


def test_the_lock_is_free_between_two_transactions(hub: Settings) -> None:
    other = sqlite3.connect(hub.data / "dqmhub.db", timeout=0, isolation_level=None)
    seen = []
    for _ in short_transactions([f"/A/B/{number}" for number in range(1500)], add):
        other.execute("BEGIN IMMEDIATE")  # fails when the lock is held
        seen += other.execute("SELECT COUNT(*) FROM dataset").fetchone()
        other.execute("COMMIT")
    other.close()
    assert seen[-1] == 1500
    assert len(seen) > 1
    assert short_writes.PAUSE_S > SQLITE_LONGEST_DELAY_S


@pytest.mark.both_databases
def test_short_transactions_are_not_begun_within_a_long_one(hub: Settings) -> None:
    with proxy.atomic(), pytest.raises(RuntimeError, match="within one"):
        list(short_transactions(["/A/B/C"], add))
    assert Dataset.select().count() == 0


@pytest.mark.both_databases
def test_rows_are_deleted_in_parts_and_counted(hub: Settings) -> None:
    Dataset.insert_many([{"name": f"/{letter}/B/{number}"} for letter in "AB" for number in range(300)]).execute()
    assert delete_rows(Dataset, Dataset.name.startswith("/A/")) == 300
    assert Dataset.select().count() == 300


@pytest.mark.parametrize(
    ("items", "elapsed_s", "expected"),
    [
        (100, TARGET_S, 100),
        (100, TARGET_S / 2, 200),
        (100, 0.0, 400),
        (100, 10 * TARGET_S, 10),
        (1, 100 * TARGET_S, 1),
        (MOST_ITEMS, 0.001, MOST_ITEMS),
    ],
)
def test_the_next_transaction_has_as_many_items_as_fit_into_its_time(items: int, elapsed_s: float, expected: int) -> None:
    assert fitting(items, elapsed_s, MOST_ITEMS) == expected
