"""Databases of older versions, upgraded to this one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from playhouse.migrations import Runner

from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.settings import Settings
from tests.support.site import unbind


@contextmanager
def upgraded_database(request: pytest.FixtureRequest, settings: Settings, migration: str, statements: Iterable[str]) -> Iterator[Settings]:
    """This process bound to an upgraded database with rows of an older version; its settings.

    Args:
        request: Of a fixture; its parameter is the kind of database, sqlite or postgresql.
        migration: The last one of the older version.
        statements: Insert the rows.
    """
    if request.param == "postgresql":
        with request.getfixturevalue("postgresql").database() as url:
            yield from _upgrade(settings.replace(database_url=url), migration, statements)
    else:
        yield from _upgrade(settings, migration, statements)


def _upgrade(settings: Settings, migration: str, statements: Iterable[str]) -> Iterator[Settings]:
    connection = database.connect(settings)
    Runner(connection, str(MIGRATIONS)).up(migration)
    for statement in statements:
        connection.execute_sql(statement)
    database_schema.upgrade(connection, print)
    yield settings
    unbind()
