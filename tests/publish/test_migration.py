"""An upgrade to the tables named after publishing keeps their contents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playhouse.migrations import Runner

from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.settings import Settings
from app.publish.models import MirrorState, Piece, PublishedItem, RevisionSeries
from app.publish.redaction_counts import totals
from app.publish.sanitize.pseudonyms import Pseudonym

OLD_ROWS = (
    "INSERT INTO square_outside_series (name, started, edition, at, dropped) VALUES ('20261122T061503Z4f2a9c', 1, 7, 3, 2)",
    "INSERT INTO square_outside_piece (kind, system, run, name, token, due) VALUES ('run', 'production', 358791, '', 'old', 0)",
    "INSERT INTO square_outside_item (piece_id, kind, system, run, name, type, encoding, sha256, size, body, edition, at)"
    " VALUES (1, 'run', 'production', 358791, 'page', 'text/html', '', 'ab', 4, 'page', 6, 2)",
    "INSERT INTO square_outside_mirror (address, series, have, at, error, failures, not_before, sent)"
    " VALUES ('https://mirror', '20261122T061503Z4f2a9c', 7, 3, '', 0, 0, 100)",
    "INSERT INTO square_cleaned (day, kind, times) VALUES ('2026-11-22', 'host', 5)",
    "INSERT INTO square_pseudonym (kind, number, digest) VALUES ('host', 1, '0123456789abcdef0123456789abcdef')",
)


@pytest.fixture
def upgraded_database(settings: Settings) -> Iterator[None]:
    """A database with rows of the old tables, upgraded_database."""
    connection = database.connect(settings)
    Runner(connection, str(MIGRATIONS)).up("0016_notices")
    for statement in OLD_ROWS:
        connection.execute_sql(statement)
    database_schema.upgrade(connection, print)
    yield
    database.disconnect()
    database.proxy.initialize(None)


def test_an_upgrade_keeps_published_data_counts_and_pseudonyms(upgraded_database: None) -> None:
    series, item, mirror = RevisionSeries.get(), PublishedItem.get(), MirrorState.get()
    assert (series.name, series.revision, series.forgotten) == ("20261122T061503Z4f2a9c", 7, 2)
    assert (item.piece, item.name, item.revision) == (Piece.get(Piece.token == "old"), "page", 6)
    assert (mirror.address, mirror.revision, mirror.sent) == ("https://mirror", 7, 100)
    assert totals() == {"host": 5}
    assert Pseudonym.get().number == 1
