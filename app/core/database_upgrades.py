"""Which releases have upgraded a database, and the backup made before each: also older releases say how to go back.

The table is read by older releases than the one that wrote it, so its columns stay what they are.
"""

from __future__ import annotations

import time

from peewee import Database, PeeweeException

from app.core.version import VERSION

TABLE = "upgrade"


def note_upgrade(database: Database, backup: str) -> None:
    """Note that this release has upgraded a database, unless it was the last one that did.

    Args:
        backup: Name of the backup made before; "" for none.
    """
    if backup or [version for version, _ in _upgrades(database)][-1:] != [VERSION]:
        values = ", ".join([database.param] * 3)
        database.execute_sql(f"INSERT INTO {TABLE} (version, backup, at) VALUES ({values})", (VERSION, backup, time.time()))


def backup_before_upgrade(database: Database) -> str:
    """Name of the backup made before the last upgrade of a database; "" for none."""
    return next((backup for _, backup in reversed(_upgrades(database)) if backup), "")


def newer_release(database: Database, unknown: str) -> tuple[str, str]:
    """That a database is of a newer release, and what to do.

    Args:
        unknown: A migration of that release.
    """
    later: list[tuple[str, str]] = []
    for upgrade in _upgrades(database):
        later = [] if upgrade[0] == VERSION else [*later, upgrade]
    name = later[-1][0] if later else ""
    backup = next((backup for _, backup in later), "")
    install = f"install {name}" if name else "install that version"
    restore = (
        f"go back to the backup made before the upgrade, `dqmhub restore {backup}`" if backup else "restore a backup, `dqmhub restore`"
    )
    reason = f"The database belongs to a newer version of DQM Hub{f', {name}' if name else ''} (it has {unknown})"
    return reason, f"{install}, or {restore}"


def _upgrades(database: Database) -> list[tuple[str, str]]:
    """Version and backup of all upgrades, the oldest first."""
    try:
        return [
            (version, backup) for version, backup in database.execute_sql(f"SELECT version, backup FROM {TABLE} ORDER BY id").fetchall()
        ]
    except PeeweeException:
        return []  # a database from before this table
