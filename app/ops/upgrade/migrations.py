"""The migrations of the database: whether this release has the same, and whether an older one knows all of them."""

from __future__ import annotations

from app.core import database, database_schema
from app.core.installation import Release
from app.core.settings import Settings


def has_all_migrations(settings: Settings) -> bool:
    """Whether the database has exactly the migrations of this version, so that there is nothing to migrate."""
    try:
        database_schema.open_usable(settings)
    except database.UnusableDatabase:
        return False
    finally:
        unbind()
    return True


def unknown_migration(settings: Settings, previous: Release) -> str:
    """The first migration of the database that a release does not have; "" for none."""
    known = {file.stem for file in (previous.folder / "migrations").glob("*.py")}
    return next((name for name in migrations_of(settings) if name not in known), "")


def migrations_of(settings: Settings) -> tuple[str, ...]:
    """Those that the database has, in order."""
    try:
        query = database.connect(settings).execute_sql("SELECT name FROM schema_migration ORDER BY name")
        return tuple(name for (name,) in query.fetchall())
    finally:
        unbind()


def unbind() -> None:
    """Close the connection, and forget the database."""
    database.disconnect()
    database.proxy.initialize(None)  # the next connection may be to another file
