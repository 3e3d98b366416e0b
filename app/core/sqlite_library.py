"""The SQLite of this process: that of Python, or the one of the package pysqlite3 where that of Python is too old.

Python of RHEL 8 and 9 uses SQLite 3.26 and 3.34 of the system. Neither has RETURNING and DROP COLUMN, which came with 3.35.
"""

from __future__ import annotations

import sqlite3
import sys

OLDEST = (3, 35, 0)


def choose() -> None:
    """Make all modules of this process, third-party ones too, import the same SQLite; before any of them does."""
    if sqlite3.sqlite_version_info >= OLDEST:
        sys.modules.setdefault("pysqlite3", None)  # type: ignore[arg-type]  # peewee would prefer it, and others would not
        return
    try:
        import pysqlite3
    except ModuleNotFoundError:
        sys.exit(f"dqmhub: SQLite {sqlite3.sqlite_version} of this Python is too old: install the Python package pysqlite3-binary")
    sys.modules["sqlite3"], sys.modules["sqlite3.dbapi2"] = pysqlite3, pysqlite3.dbapi2
