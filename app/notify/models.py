"""Tables of notices. The page's version is counted as that of a system is (`advance(COUNTER)`). Times are Unix s UTC."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

COUNTER = "notices"

TOLD, LATE, MAINTENANCE, REPEATED = "told", "late", "maintenance", "repeated"
WAITING, HELD, SENT, FAILED, DROPPED = "waiting", "held", "sent", "failed", "dropped"
OPEN = (WAITING, HELD)


class Notice(Table):
    """An event that was noticed: as in app/square/events.py, or a test of a channel (kind "test").

    subject: what of it comes again and again: a client, a host or a run. found: when it was noticed. fate: told; late:
    it was old news; maintenance: it was announced; repeated: the same was told just before. repeats: how many were so
    repeated before this one was told.
    """

    event = TextField(unique=True)
    system = TextField()
    kind = TextField()
    run = BigIntegerField(null=True)
    key = TextField()
    subject = TextField()
    at = DoubleField()
    found = DoubleField()
    title = TextField()
    text = TextField()
    fate = TextField()
    repeats = IntegerField(default=0)

    class Meta:
        table_name = "square_notice"
        indexes = ((("system", "kind", "subject", "fate"), False),)


class Delivery(Table):
    """A notice by one channel.

    state: waiting; held: until the end of the quiet hours; sent; failed; dropped: it would have been heard in quiet
    hours. since: when trying began, or may begin; not_before: the next attempt; changed: of the state. why: what the
    channel said last, or why it was not asked.
    """

    notice = ForeignKeyField(Notice, on_delete="CASCADE", index=False)
    channel = TextField()
    state = TextField()
    attempts = IntegerField(default=0)
    since = DoubleField()
    not_before = DoubleField()
    changed = DoubleField()
    why = TextField(default="")

    class Meta:
        table_name = "square_notice_delivery"
        indexes = ((("notice", "channel"), True), (("channel", "state", "not_before"), False), (("channel", "changed"), False))


class Maintenance(Table):
    """What happens on these hosts from `begins` to `ends` is announced, and told to nobody. hosts: names with blanks between, "" for all."""

    system = TextField()
    hosts = TextField()
    begins = DoubleField()
    ends = DoubleField(index=True)
    reason = TextField()
    user = TextField()

    class Meta:
        table_name = "square_maintenance"
