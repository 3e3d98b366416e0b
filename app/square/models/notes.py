"""Tables of what people add to runs and jobs, or command for them; the poller never writes them."""

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


class HiddenRun(Table):
    """A run that an operator has hidden: it is on no list and no mirror, until it is shown again."""

    system = TextField()
    run = BigIntegerField()
    user = TextField()
    at = DoubleField()
    reason = TextField()

    class Meta:
        table_name = "square_hidden_run"
        indexes = ((("system", "run"), True),)


class CommandedStop(Table):
    """A command of a user that ends jobs: one job, or all jobs of a host.

    Attributes:
        host: The host of the jobs.
        key: Key of the job; "" for all jobs of the host.
        signal: Number of the signal of the command; 0 if hltd chooses it.
        command: Number of the command in the control room.
        title: What was commanded, as Restart hltd.
        at: When it was sent.
        until: A job that ends later was not ended by it.
    """

    system = TextField()
    host = TextField()
    key = TextField(default="")
    signal = IntegerField(default=0)
    command = BigIntegerField()
    title = TextField()
    user = TextField()
    reason = TextField(default="")
    at = DoubleField()
    until = DoubleField()

    class Meta:
        table_name = "square_commanded_stop"
        indexes = ((("system", "until"), False), (("command",), True))
