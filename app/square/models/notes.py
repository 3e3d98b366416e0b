"""Tables of what people add to runs and jobs; the poller never writes them."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, IntegerField, TextField

from app.core.database import Table


class Acknowledgement(Table):
    """A user has acknowledged that a job crashed or is stuck.

    Attributes:
        key: Key of the job.
        revision: Number of edits of this row.
    """

    system = TextField()
    key = TextField()
    user = TextField()
    at = DoubleField()
    note = TextField(default="")
    revision = IntegerField(default=1)
    version = BigIntegerField()

    class Meta:
        table_name = "square_acknowledgement"
        indexes = ((("system", "key"), True),)


class Pin(Table):
    """A pinned run: its documents and logs are not deleted by age."""

    system = TextField()
    run = BigIntegerField()
    user = TextField()
    at = DoubleField()
    reason = TextField(default="")

    class Meta:
        table_name = "square_pin"
        indexes = ((("system", "run"), True),)
