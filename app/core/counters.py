"""Version counters: pages and processes detect changes by comparing one number.

Each subject (a system of DQM^2, the notifications, the control room) has one counter. A transaction that changes
something takes the next number by `advance` before its first other statement and writes it to the rows that it changes.
Numbers therefore become visible in their order: what changed since version v is exactly what has `version > v`.
"""

from __future__ import annotations

from peewee import BigIntegerField, Query, TextField

from app.core.database import Table, prepared


class VersionCounter(Table):
    """The newest version of one subject."""

    name = TextField(unique=True)
    version = BigIntegerField(default=0)


def advance(name: str) -> int:
    """Return the next version of a subject, within a transaction; other transactions that advance it wait for its end."""
    changed = list(
        VersionCounter.update(version=VersionCounter.version + 1)
        .where(VersionCounter.name == name)
        .returning(VersionCounter.version)
        .execute()
    )
    if not changed:
        VersionCounter.insert(name=name, version=0).on_conflict_ignore().execute()
        return advance(name)
    return int(changed[0].version)


def version_of(name: str) -> int:
    """Return the newest version of a subject; 0 before its first change."""
    found = _version(name)
    return found[0][0] if found else 0


@prepared
def _version() -> Query:
    return VersionCounter.select(VersionCounter.version).where(VersionCounter.name == "")
