"""A PostgreSQL database with another encoding than UTF8 is refused before anything is made in it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from app.core.settings import Settings
from tests.support.cli import run_command
from tests.support.processes import environment
from tests.support.servers import PostgreSQL
from tests.support.site import unbind

pytestmark = pytest.mark.slow


@pytest.fixture
def ascii_hub(postgresql: PostgreSQL, settings: Settings) -> Iterator[Settings]:
    """A new hub whose database is one of `createdb` where the server has the locale C."""
    postgresql.run("CREATE DATABASE hub_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    settings.data.mkdir()
    try:
        yield settings.replace(database_url=postgresql.url("hub_ascii"))
    finally:
        unbind()
        postgresql.run("DROP DATABASE hub_ascii WITH (FORCE)")


def test_all_commands_name_the_encoding_and_how_to_make_another_database(ascii_hub: Settings) -> None:
    for command in (["db", "upgrade"], ["upgrade"], ["db", "status"], ["backup"], ["user", "ls"], ["doctor", "database"]):
        done = run_command(environment(ascii_hub), *command)
        said = done.stderr + done.stdout
        assert done.returncode == 1
        assert "The database hub_ascii has the encoding SQL_ASCII, and DQM Hub needs UTF8" in said
        assert "ake another one by `createdb --encoding UTF8 --template template0 NAME`" in said
        assert "Traceback" not in said
    with psycopg.connect(ascii_hub.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_a_backup_is_not_restored_into_a_database_of_another_encoding(
    ascii_hub: Settings, postgresql: PostgreSQL, settings: Settings
) -> None:
    with postgresql.database(postgresql.template()) as url:
        assert run_command(environment(settings.replace(database_url=url)), "backup").returncode == 0
        unbind()
    refused = run_command(environment(ascii_hub), "restore")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "has the encoding SQL_ASCII" in refused.stderr
