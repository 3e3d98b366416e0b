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
