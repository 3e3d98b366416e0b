"""The database of every released version is upgraded by this one: no row is lost, and pages show it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core import database, database_schema
from app.core.settings import Settings
from app.ops.backup.sqlite_copy import check, row_counts
from tests.security.conftest import HOME, sign_in
from tests.support.site import unbind
from tests.upgrade.__main__ import RELEASES, TYPED_PASSWORD

PAGES = ("/", "/square", "/diary", "/trends", "/alarms", "/transfers", "/walls", "/layouts", "/events", "/status", "/metrics")
CHANGED = {"schema_migration", "upgrade"}
"""Tables to which an upgrade adds rows."""


@pytest.fixture(params=sorted(RELEASES.glob("*.sqlite.gz")), ids=lambda path: path.name.removesuffix(".sqlite.gz"))
def upgraded(request: pytest.FixtureRequest, settings: Settings) -> Iterator[tuple[Settings, dict[str, int]]]:
    """An upgraded hub, and the rows of its tables before."""
    path: Path = request.param
    settings.data.mkdir(parents=True)
    (settings.data / "dqmhub.db").write_bytes(gzip.decompress(path.read_bytes()))
    connection = database.connect(settings)
    before = row_counts(connection.connection())
    database_schema.upgrade(connection, print)
    yield settings, before
    unbind()


def test_no_row_of_a_released_version_is_lost(upgraded: tuple[Settings, dict[str, int]]) -> None:
    settings, before = upgraded
    assert before["user"] > 0
    assert before["sample"] > 0
    assert before["arrangement"] > 0
    after = row_counts(database.proxy.connection())
    check(settings.data / "dqmhub.db", after)
    lost = {table: (count, after.get(table)) for table, count in before.items() if after.get(table) != count}
    assert lost.keys() <= CHANGED, "a migration that removes rows or tables on purpose is named here"


def test_pages_show_the_data_of_a_released_version(upgraded: tuple[Settings, dict[str, int]]) -> None:
    database.proxy.execute_sql("""UPDATE "user" SET role = 'admin' WHERE name = 'operator'""")
    client: FlaskClient = create_app(upgraded[0]).test_client()
    signed_in = sign_in(client, "operator", TYPED_PASSWORD)
    assert signed_in.status_code in (302, 303), "a password of that version is still right"
    statuses = {page: client.get(page, base_url=HOME, follow_redirects=True).status_code for page in PAGES}
    assert {page: status for page, status in statuses.items() if status != 200} == {}
