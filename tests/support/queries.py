"""The queries that a page makes."""

from __future__ import annotations

from collections.abc import Callable

from app.core import database


def queries(run: Callable[[], object]) -> list[str]:
    """The queries of a function to SQLite with their values, in order."""
    made: list[str] = []
    connection = database.proxy.connection()
    connection.set_trace_callback(made.append)
    try:
        run()
        assert database.proxy.connection() is connection
    finally:
        connection.set_trace_callback(None)
    return made


def database_work(run: Callable[[], object]) -> int:
    """What SQLite did for a function, in instructions of its virtual machine: about ten for each row that it looks at."""
    connection = database.proxy.connection()
    counted = 0
    step = 100

    def count() -> None:
        nonlocal counted
        counted += step

    connection.set_progress_handler(count, step)
    try:
        run()
        assert database.proxy.connection() is connection
    finally:
        connection.set_progress_handler(None, 0)
    return counted
