"""Tables of notifications. Times are Unix s UTC. The version of the page is counted by `advance(COUNTER)`."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

COUNTER = "notifications"

NOTIFIED, LATE, MAINTENANCE, DUPLICATE = "notified", "late", "maintenance", "duplicate"
"""Outcomes of an event."""

PENDING, DEFERRED, SENT, FAILED, SUPPRESSED = "pending", "deferred", "sent", "failed", "suppressed"
"""States of a delivery."""

OPEN = (PENDING, DEFERRED)


class Notification(Table):
    """An event that was detected (see app/core/events.py), or a test of a channel (kind "test")."""

    event = TextField(unique=True)  # id of the event
    system = TextField()
    kind = TextField()
    run = BigIntegerField(null=True)
    key = TextField()
    subject = TextField()  # the same for repeats: a client, a host or a run
    at = DoubleField()  # of the event
    detected = DoubleField()
    title = TextField()
    text = TextField()
    outcome = TextField()  # notified; late: too old when detected; maintenance; duplicate of a recent notification
    repeats = IntegerField(default=0)  # duplicates that were suppressed before this one

    class Meta:
        table_name = "notify_notification"
        indexes = ((("system", "kind", "subject", "outcome"), False),)


class Delivery(Table):
    """A notification by one channel."""

    notification = ForeignKeyField(Notification, on_delete="CASCADE", index=False)
    channel = TextField()  # its name
    state = TextField()  # pending; deferred: until quiet hours end; sent; failed; suppressed: by quiet hours
    attempts = IntegerField(default=0)
    since = DoubleField()  # when the first attempt was, or is, due
    not_before = DoubleField()  # next attempt
    changed = DoubleField()  # of the state
    detail = TextField(default="")  # last answer or error

    class Meta:
        table_name = "notify_delivery"
        indexes = ((("notification", "channel"), True), (("channel", "state", "not_before"), False), (("channel", "changed"), False))


class Subscription(Table):
    """What a user wants to be notified about for oneself, and where."""

    user = TextField(unique=True)  # login
    address = TextField()  # of mail
    kinds = TextField()  # names of personal kinds of events with blanks between

    class Meta:
        table_name = "notify_subscription"


class MaintenanceWindow(Table):
    """A time in which no notifications are sent about a system, or about some of its hosts."""

    system = TextField()
    hosts = TextField()  # names with blanks between; "" for the whole system, runs included
    begins = DoubleField()
    ends = DoubleField(index=True)
    reason = TextField()
    user = TextField()  # who announced it

    class Meta:
        table_name = "notify_maintenance"
