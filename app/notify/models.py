"""Tables of notifications. Times are Unix s UTC. The version of the page is counted by `advance(COUNTER)`."""

from __future__ import annotations

from secrets import token_hex

from peewee import BigIntegerField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

COUNTER = "notifications"

NOTIFIED, LATE, MAINTENANCE, DUPLICATE = "notified", "late", "maintenance", "duplicate"
"""Outcomes of an event."""

PENDING, DEFERRED, SENT, FAILED, SUPPRESSED = "pending", "deferred", "sent", "failed", "suppressed"
"""States of a delivery."""

OPEN = (PENDING, DEFERRED)

TEST = "test"
"""Kind of the tests of channels, which are no events."""


def new_mark() -> str:
    """A mark that cannot be guessed, as 32 hex digits."""
    return token_hex(16)


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
    mark = TextField(unique=True, default=new_mark)  # in its permanent link: the id of an event can be guessed

    class Meta:
        table_name = "notify_notification"
        indexes = ((("system", "kind", "subject", "outcome"), False), (("kind", "at"), False), (("at", "id"), False))


NEWEST_FIRST = (Notification.at.desc(), Notification.id.desc())
"""Order of lists: by the time of the event, which may have been detected late."""


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


class NotificationChannel(Table):
    """A channel that an operator added on the page; those of the settings have no row."""

    kind = TextField()  # name of a folder of app/notify/channels
    name = TextField(unique=True)  # for people; see app.notify.added_channels.channel_name
    kinds = TextField()  # of events, as in the settings of channels, with blanks between
    options = TextField()  # JSON object: the fields of the form of the kind, secrets among them
    enabled = BooleanField(default=True)
    user = TextField()  # who changed it last
    changed = DoubleField()

    class Meta:
        table_name = "notify_channel"


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
