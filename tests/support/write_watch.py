"""Watches the write transactions of the product in all tests: SQLite has one writer at a time, and all others wait for it.

The length of a transaction is counted, not timed: the rows that it changes and the statements that it runs, and the instructions
of SQLite's virtual machine, which also count what it reads, and what it deletes by foreign keys. The longest ones are listed
after the tests, with their CPU time for information; one that is too long fails its test. What tests, migrations and demos write
is left out. Processes that tests start are not watched.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import peewee
import pytest

from app.core.settings import TREE

MOST_WRITES = 8000
"""Rows and statements of one transaction. Each takes about 20 µs, so that these are well below 0.2 s on the usual machine."""

MOST_INSTRUCTIONS = 1_500_000
"""Instructions of SQLite in one transaction. Reading a row takes about ten of them, and 2 to 3 µs; writing one about a hundred."""

STEP = 1000
"""Instructions are counted in steps of this number."""

LISTED = 5
"""Number of transactions in the report of all tests."""

APART = ("app/gui/demo/", "app/trends/demo/", "app/diary/demo/", "app/cli/demo", "app/cli/database", "migrations/")
"""Code with transactions that nobody waits for: upgrades and demo data."""

PRODUCT = ("app/", "jobs/")
"""Beginnings of the paths of the code that is watched."""

TRANSPARENT = ("app/core/database", "app/core/short_writes.py", "tests/support/write_watch.py")
"""Code that writes for its caller."""


class WriteTransaction(NamedTuple):
    """A write transaction of the product."""

    writes: int  # rows and statements
    cpu_ms: int  # of its thread
    instructions: int  # of SQLite
    place: str  # file and line that began it

    @property
    def length(self) -> float:
        """The length relative to the longest allowed transaction."""
        return max(self.writes / MOST_WRITES, self.instructions / MOST_INSTRUCTIONS)


class WriteWatch:
    """The longest transactions of one process. `too_long` has those of the current test."""

    def __init__(self, most: int = MOST_WRITES, most_instructions: int = MOST_INSTRUCTIONS) -> None:
        self.most, self.most_instructions = most, most_instructions
        self.longest: list[WriteTransaction] = []
        self.too_long: list[WriteTransaction] = []
        self._open = threading.local()

    def begin(self) -> None:
        """A transaction of this thread begins."""
        self._open.place, self._open.writes, self._open.steps, self._open.cpu_s = _place(), 0, 0, time.thread_time()

    def step(self) -> None:
        """SQLite has run STEP instructions for this thread, in a transaction or not."""
        self._open.steps = getattr(self._open, "steps", 0) + 1

    def end(self) -> None:
        """It ends."""
        place = getattr(self._open, "place", "")
        if place:
            cpu_ms = int(1000 * (time.thread_time() - self._open.cpu_s))
            self._note(WriteTransaction(self._open.writes, cpu_ms, STEP * self._open.steps, place))
        self._open.place = ""

    def statement(self, rowcount: int, in_transaction: bool) -> None:
        """A statement has changed this many rows; -1 if it can change none."""
        if in_transaction:
            self._open.writes = getattr(self._open, "writes", 0) + 1 + max(rowcount, 0)
        elif rowcount > 1 and (place := _place()):
            self._note(WriteTransaction(1 + rowcount, 0, 0, place))

    def _note(self, transaction: WriteTransaction) -> None:
        self.longest = sorted([*self.longest, transaction], key=lambda each: -each.length)[:LISTED]
        if transaction.writes > self.most or transaction.instructions > self.most_instructions:
            self.too_long.append(transaction)


def _place() -> str:
    """Where the product began the present transaction; "" if a test, a migration or a demo did."""
    frame: Any = sys._getframe(2)
    first = ""
    while frame is not None:
        path = frame.f_code.co_filename
        name = path.removeprefix(f"{TREE}/")
        if name != path and not name.startswith((".venv/", *TRANSPARENT)):
            if name.startswith(APART) or (not first and not name.startswith(PRODUCT)):
                return ""
            first = first or f"{name}:{frame.f_lineno}"
        frame = frame.f_back
    return first


@contextmanager
def watched(watch: WriteWatch) -> Iterator[None]:
    """Watch all SQLite databases of this process."""
    kept = {name: getattr(peewee.SqliteDatabase, name) for name in ("begin", "commit", "rollback", "execute_sql")}

    def begin(database: Any, *args: Any) -> None:
        kept["begin"](database, *args)
        watch.begin()
        database.connection().set_progress_handler(watch.step, STEP)

    def ended(name: str) -> Callable[[Any], None]:
        def end(database: Any) -> None:
            try:
                kept[name](database)
            finally:  # it has also ended when the database did so by itself
                watch.end()

        return end

    def execute_sql(database: Any, *args: Any) -> Any:
        cursor = kept["execute_sql"](database, *args)
        watch.statement(cursor.rowcount, database.in_transaction())
        return cursor

    for name, replacement in {"begin": begin, "commit": ended("commit"), "rollback": ended("rollback"), "execute_sql": execute_sql}.items():
        setattr(peewee.SqliteDatabase, name, replacement)
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(peewee.SqliteDatabase, name, method)


class WatchPlugin:
    """Fails tests with a transaction of the product that is too long, and lists the longest ones after all tests."""

    def __init__(self) -> None:
        self.watch = WriteWatch()
        self.found: list[WriteTransaction] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """Watch one test."""
        self.watch.too_long.clear()
        with watched(self.watch):
            yield
        assert not self.watch.too_long, (
            f"a write transaction has more than {MOST_WRITES} rows and statements, or {MOST_INSTRUCTIONS} instructions of SQLite, for "
            f"which all other writers wait; app.core.short_writes makes several of it: {self.watch.too_long}"
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the longest transactions of a worker to the process that reports them."""
        found = [tuple(transaction) for transaction in self.watch.longest]
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["write_transactions"] = found
        else:
            self.found += self.watch.longest

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Receive the longest transactions of a worker that has ended."""
        self.found += [WriteTransaction(*each) for each in getattr(node, "workeroutput", {}).get("write_transactions", [])]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """List the longest transactions."""
        found = sorted(set(self.found), key=lambda each: -each.length)[:LISTED]
        if found:
            terminalreporter.section("longest write transactions of the product")
            for writes, cpu_ms, instructions, place in found:
                terminalreporter.line(f"{writes:6} rows and statements, {instructions:9,} instructions, {cpu_ms:5} ms of CPU  {place}")
