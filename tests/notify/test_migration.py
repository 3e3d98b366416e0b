"""An upgrade to the tables named after notifications keeps their contents."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playhouse.migrations import Runner

from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.settings import Settings
from app.notify.models import Delivery, MaintenanceWindow, Notification

OUTCOMES = {"told": "notified", "late": "late", "maintenance": "maintenance", "repeated": "duplicate"}
STATES = {"waiting": "pending", "held": "deferred", "sent": "sent", "failed": "failed", "dropped": "suppressed"}

NOTICE = (
    "INSERT INTO square_notice (event, system, kind, run, key, subject, at, found, title, text, fate, repeats)"
    " VALUES ('crash-{0}', 'production', 'crash', 358792, 'job', 'beam', 1, 2, 'beam crashed', 'Exit code 1', '{0}', 3)"
)
DELIVERY = (
    "INSERT INTO square_notice_delivery (notice_id, channel, state, attempts, since, not_before, changed, why)"
    " VALUES (1, 'webhook {0}', '{0}', 4, 5, 6, 7, 'status 503')"
)
WINDOW = "INSERT INTO square_maintenance (system, hosts, begins, ends, reason, \"user\") VALUES ('production', 'fu-1 fu-2', 1, 2, 'kernel', 'op')"


@pytest.fixture
def upgraded(settings: Settings) -> Iterator[None]:
    """A database with rows of the old tables, upgraded."""
    connection = database.connect(settings)
    Runner(connection, str(MIGRATIONS)).up("0016_notices")
    for statement in (*map(NOTICE.format, OUTCOMES), *map(DELIVERY.format, STATES), WINDOW):
        connection.execute_sql(statement)
    database_schema.upgrade(connection, print)
    yield
    database.disconnect()
    database.proxy.initialize(None)


def test_an_upgrade_keeps_notifications_deliveries_and_windows(upgraded: None) -> None:
    found = {row.event: row for row in Notification.select()}
    assert {event.removeprefix("crash-"): row.outcome for event, row in found.items()} == OUTCOMES
    first = found["crash-told"]
    assert (first.run, first.subject, first.at, first.detected, first.repeats) == (358792, "beam", 1.0, 2.0, 3)
    deliveries = {row.channel: row for row in Delivery.select()}
    assert {channel.removeprefix("webhook "): row.state for channel, row in deliveries.items()} == STATES
    one = deliveries["webhook waiting"]
    assert (one.notification, one.attempts, one.since, one.not_before, one.changed, one.detail) == (first, 4, 5.0, 6.0, 7.0, "status 503")
    assert MaintenanceWindow.get().hosts == "fu-1 fu-2"
