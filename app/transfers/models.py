"""Tables of the transfer of online files: what its processes reported.

Times are Unix s. Those that a process reported are by the clock of its host; those marked "hub" are by the clock of this hub.
"""

from __future__ import annotations

import json
from typing import Any

from peewee import BigIntegerField, DoubleField, IntegerField, TextField

from app.core.database import Table

COUNTER = "transfers"
"""Name of the version counter of the area, see app.core.counters."""


class JsonColumns:
    """Of tables with JSON in some of their columns."""

    def value_of(self, column: str) -> Any:
        """The value of one of the JSON columns."""
        return json.loads(getattr(self, column))


class TransferHost(JsonColumns, Table):
    """A process of the transfer: one for each host and mode.

    Attributes:
        host: Name of the host.
        mode: One of MODES.
        release: Of its software; "" if it does not know it.
        seen: Time of its last report, hub.
        now: The same by its own clock.
        skew_s: How far its clock is ahead of that of this hub, negative if behind; 0 below 1 s.
        number: Number of the last record that was stored or refused.
        number_at: Latest time of a record; a smaller number with a later time is of a new journal.
        dropped: Records that it lost while no hub was reachable.
        refused: Records that could not be used, so far.
        problem: Why the last of them was refused.
        state: JSON object: the state that it reported.
        version: Value of the version counter at the last change.
    """

    host = TextField()
    mode = TextField()
    release = TextField(default="")
    seen = DoubleField(default=0.0)
    now = DoubleField(default=0.0)
    skew_s = DoubleField(default=0.0)
    number = BigIntegerField(default=0)
    number_at = DoubleField(default=0.0)
    dropped = BigIntegerField(default=0)
    refused = BigIntegerField(default=0)
    problem = TextField(default="")
    state = TextField(default="{}")
    version = BigIntegerField(default=0)

    class Meta:
        """Options of peewee."""

        table_name = "transfer_host"
        indexes = ((("host", "mode"), True),)


class TransferRun(Table):
    """A run that is named in at least one report."""

    run = IntegerField(primary_key=True)
    began = DoubleField()  # first report, hub
    changed = DoubleField()  # last report with something new, hub
    version = BigIntegerField(default=0)  # value of the version counter at the last change

    class Meta:
        """Options of peewee."""

        table_name = "transfer_run"
        indexes = ((("changed",), False),)


class TransferRunState(JsonColumns, Table):
    """The state of a run at a filter unit or builder unit."""

    run = IntegerField()
    host = TextField()
    mode = TextField()
    state = TextField()  # one of RUN_STATES
    since = DoubleField()  # hub
    waiting_for = TextField(default="[]")  # JSON array, of builder units: filter units on which a run goes on, then clients

    class Meta:
        """Options of peewee."""

        table_name = "transfer_run_state"
        indexes = ((("run", "host", "mode"), True),)


class TransferProcess(Table):
    """A client process that a filter unit has seen."""

    run = IntegerField()
    host = TextField()
    pid = BigIntegerField()
    program = TextField(default="")  # its configuration
    client = TextField(default="")  # its tag; "" as long as it has written nothing
    snapshot = DoubleField(default=0.0)  # when its newest snapshot was written; 0: none
    restarted = IntegerField(default=0)  # 1: it is not the first process of the client
    first = DoubleField()  # when it was reported first
    last = DoubleField()  # when a change of it was reported last

    class Meta:
        """Options of peewee."""

        table_name = "transfer_process"
        indexes = ((("run", "host", "pid"), True),)


class TransferClient(Table):
    """What a filter unit sent of a client in a run. Delays are from writing a file to its arrival at the builder unit, s.

    Attributes:
        client: Its tag.
        snapshots: Snapshots that were sent.
        snapshot_bytes: Size of all of them.
        snapshot_name, snapshot_size, snapshot_written, snapshot_sent: Of the newest that was sent; 0: none.
        delay_s, worst_delay_s: Of the newest and of the slowest snapshot, with the wait of those that it replaced; null: none.
        root_name, root_size, root_written, root_sent: Of the newest ROOT file; `root_sent` is 0 until it is sent.
        root_delay_s: Of it; null: not sent.
        attempts: Failed attempts to send the files that were sent in the end.
        error, error_of, error_attempts: Of a file that could not be sent: why, its kind, and attempts so far; empty once a file of
            this kind was sent.
        error_at: Time of the last error; 0: none.
        note: On the last file that was sent, such as that it could not be checked; "" for none.
    """

    run = IntegerField()
    host = TextField()
    client = TextField()
    snapshots = IntegerField(default=0)
    snapshot_bytes = BigIntegerField(default=0)
    snapshot_name = TextField(default="")
    snapshot_size = BigIntegerField(default=0)
    snapshot_written = DoubleField(default=0.0)
    snapshot_sent = DoubleField(default=0.0)
    delay_s = DoubleField(null=True)
    worst_delay_s = DoubleField(null=True)
    root_name = TextField(default="")
    root_size = BigIntegerField(default=0)
    root_written = DoubleField(default=0.0)
    root_sent = DoubleField(default=0.0)
    root_delay_s = DoubleField(null=True)
    attempts = BigIntegerField(default=0)
    error = TextField(default="")
    error_of = TextField(default="")
    error_attempts = BigIntegerField(default=0)
    error_at = DoubleField(default=0.0)
    note = TextField(default="")

    class Meta:
        """Options of peewee."""

        table_name = "transfer_client"
        indexes = ((("run", "host", "client"), True),)


class TransferCleanup(JsonColumns, Table):
    """A round of clean-up that removed files of a GUI machine."""

    host = TextField()
    at = DoubleField()
    removed = BigIntegerField()
    bytes = BigIntegerField()
    rules = TextField()  # JSON object: files by the rule that removed them
    disk = DoubleField()  # used fraction after it
    examples = TextField()  # JSON array of names

    class Meta:
        """Options of peewee."""

        table_name = "transfer_cleanup"
        indexes = ((("host", "id"), False),)


class TransferProblem(Table):
    """A problem of the transfer, from its begin to its end.

    Attributes:
        kind: One of PROBLEM_KINDS.
        host: The host that reported it, of a missing file that of the client.
        run: 0: it has no run.
        origin: The check that found it, such as snapshot or merge; it ends when the same check finds nothing.
        subject: The client, GUI machine, disk or file.
        text: What is wrong, for people.
        began, ended: hub; `ended` is null while it lasts.
    """

    kind = TextField()
    host = TextField()
    run = IntegerField(default=0)
    origin = TextField(default="")
    subject = TextField()
    text = TextField()
    began = DoubleField()
    ended = DoubleField(null=True)

    class Meta:
        """Options of peewee."""

        table_name = "transfer_problem"
        indexes = ((("kind", "began"), False), (("run", "ended"), False), (("ended",), False))
