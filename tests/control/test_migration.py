"""An upgrade to the tables named after the control room and the version counters keeps their rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from peewee import IntegrityError

from app.control.models import SubmittedCommand
from app.core.counters import advance, version_of
from app.core.settings import Settings
from tests.support.upgrades import upgraded_database

pytestmark = pytest.mark.slow

COMMAND = (
    'INSERT INTO square_command (system, name, arguments, touched, "user", reason, once, created, state, error, version)'
    " VALUES ('', 'restart_hltd', '{}', '{\"machines\": []}', 'op', 'stuck', 'key', 1, 'answered', '', 7)"
)
COUNTER = "INSERT INTO square_feed (system, version) VALUES ('control', 7)"


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """A database with rows of the old tables, upgraded."""
    with upgraded_database(request, settings, "0020_queue", (COMMAND, COUNTER)):
        yield


def test_an_upgrade_keeps_commands_and_counters(upgraded: None) -> None:
    row = SubmittedCommand.get()
    assert (row.name, row.impact_fields(), row.idempotency_key, row.version) == ("restart_hltd", {"machines": []}, "key", 7)
    assert (version_of("control"), advance("control")) == (7, 8)
    copy = {name: value for name, value in row.__data__.items() if name != "id"}
    with pytest.raises(IntegrityError):
        SubmittedCommand.create(**copy)
