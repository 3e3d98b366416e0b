"""Tables of the machines at P5."""

from __future__ import annotations

from peewee import BigIntegerField, BooleanField, DoubleField, IntegerField, TextField

from app.core.database import Table


class Host(Table):
    """A polled machine, and the state of its polling.

    Attributes:
        role: fu (runs jobs) or bu (holds the files of the data).
        rev, rev_key: Last revision that was read, and the key of its document. Revisions start again from 1 after a reset at P5.
        resets: Number of detected resets.
        last_ok: Time of the last response.
        last_new: Time of the last new document.
        last_error, error: Time and text of the last failure; kept after later responses.
        failures: Consecutive failures; 0 while it responds.
        not_before: It is not polled before this time.
        behind: Number of documents still to be fetched.
        software: Version of DQM^2 on the machine; "" if unknown.
        version: Of its last change between responding and failing.
    """

    system = TextField()
    name = TextField()
    role = TextField()
    rev = BigIntegerField(default=0)
    rev_key = TextField(default="")
    resets = IntegerField(default=0)
    last_ok = DoubleField(null=True)
    last_new = DoubleField(null=True)
    last_error = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    not_before = DoubleField(default=0.0)
    behind = IntegerField(default=0)
    software = TextField(default="")
    version = BigIntegerField(default=0)

    class Meta:
        table_name = "square_host"
        indexes = ((("system", "name"), True),)


class HostStatus(Table):
    """A period during which P5 reported one status of a machine.

    Attributes:
        up: Whether the gateway could reach it.
        message: Text of P5 on the status.
        first, last: Times of the first and last report of this status.
    """

    system = TextField()
    name = TextField()
    up = BooleanField()
    message = TextField(default="")
    first = DoubleField()
    last = DoubleField(index=True)
    version = BigIntegerField()

    class Meta:
        table_name = "square_hoststatus"
        indexes = ((("system", "name", "first"), False),)
