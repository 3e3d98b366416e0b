"""Tables in a schema of any name of a PostgreSQL database are backed up and restored, and only there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from app.core import database, database_schema
from app.core.settings import Settings
from app.ops.backup import Backup, BackupError, backup_folder, make_backup, restore
from tests.ops.backup.test_backups import add_links
from tests.ops.backup.test_restoring import ignore, links
from tests.support.servers import PostgreSQL
from tests.support.site import unbind

pytestmark = pytest.mark.slow


@pytest.fixture
def address(postgresql: PostgreSQL) -> Iterator[str]:
    """A database that has every table."""
    with postgresql.database(postgresql.template()) as address:
        yield address


def hub_in(schema: str, address: str, folder: Path) -> Settings:
    """A hub whose tables are in this schema."""
    search_path = quote(f'-csearch_path="{schema}"')
    return Settings(data_dir=str(folder / "var"), backup_dir=str(folder / "backups"), database_url=f"{address}&options={search_path}")


def backup_of(settings: Settings) -> Backup:
    settings.data.mkdir(exist_ok=True)
    database_schema.check(database.connect(settings))
    add_links(range(7))
    made = make_backup(settings, backup_folder(settings), ignore)
    add_links(range(7, 10))
    unbind()
    return made


@pytest.mark.parametrize("schema", ["dqm-hub", "DQM-Hub", "order"])
def test_a_schema_whose_name_needs_quotes_is_restored(address: str, tmp_path: Path, schema: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute(f'ALTER SCHEMA public RENAME TO "{schema}"')
    settings = hub_in(schema, address, tmp_path)
    restore(settings, backup_of(settings), ignore)
    assert links(settings) == 7


def test_a_backup_of_another_schema_is_refused(address: str, tmp_path: Path) -> None:
    settings = hub_in("public", address, tmp_path)
    made = backup_of(settings)
    with psycopg.connect(address) as connection:
        connection.execute("CREATE SCHEMA other")
    with pytest.raises(BackupError, match=r"is not of the schema other: set search_path in database_url to the schema it is of"):
        restore(hub_in("other", address, tmp_path), made, ignore)
    assert links(settings) == 10
