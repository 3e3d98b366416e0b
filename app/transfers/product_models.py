"""Tables of what builder units make of the files of a run. Times are Unix s by the clock of the builder unit."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, IntegerField, TextField

from app.core.database import Table
from app.transfers.models import JsonColumns


class TransferConcatenation(JsonColumns, Table):
    """A concatenation of the snapshots of a run; the newest ones of a run are kept.

    Attributes:
        host: The builder unit.
        digest: 32 hex digits that stand for its inputs.
        entries: MEs in it.
        began, made: Begin and end of making it.
        shared: MEs that several clients have.
        examples: JSON array of some of them, as they were reported.
        inputs: JSON array of objects with host, client, size, arrived, entries, replaced.
        left_out: JSON array of objects with name, reason.
    """

    run = IntegerField()
    host = TextField()
    name = TextField()
    digest = TextField()
    size = BigIntegerField()
    entries = BigIntegerField()
    began = DoubleField()
    made = DoubleField()
    shared = BigIntegerField()
    examples = TextField()
    inputs = TextField()
    left_out = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "transfer_concatenation"
        indexes = ((("run", "id"), False),)


class TransferMerge(JsonColumns, Table):
    """A merge of the ROOT files of a run.

    Attributes:
        number: Version of the merged file.
        accepted: 1: it was checked and is right.
        histograms: Histograms in it.
        resolved: Scalars, quality tests and marks that several files have; the newest of each was taken.
        inputs: JSON array of objects with host, client, name, size.
        left_out: JSON array of objects with name, reason.
        missing: JSON array of objects with host, client, name: clients with snapshots and without a ROOT file.
        saturated, saturated_names: Histograms with bins whose sum is more than their type holds, and a JSON array of some names.
    """

    run = IntegerField()
    host = TextField()
    number = IntegerField()
    name = TextField()
    size = BigIntegerField()
    began = DoubleField()
    made = DoubleField()
    accepted = IntegerField()
    error = TextField()
    histograms = BigIntegerField()
    resolved = BigIntegerField()
    inputs = TextField()
    left_out = TextField()
    missing = TextField(default="[]")
    saturated = BigIntegerField(default=0)
    saturated_names = TextField(default="[]")

    class Meta:
        """Options of peewee."""

        table_name = "transfer_merge"
        indexes = ((("run", "id"), False),)


class TransferDelivery(Table):
    """A delivery of a concatenation or merged file to a GUI machine.

    Attributes:
        host: The builder unit.
        what: One of DELIVERED_KINDS.
        made, copied, registered: When the file was made, copied and registered; 0: not yet.
        attempts: To deliver it, so far.
        error: Of the last attempt; "" if it succeeded.
        at: Time of the last record of it.
    """

    run = IntegerField()
    gui_machine = TextField()
    host = TextField()
    name = TextField()
    what = TextField()
    size = BigIntegerField()
    made = DoubleField()
    copied = DoubleField()
    registered = DoubleField()
    attempts = IntegerField()
    error = TextField()
    at = DoubleField()

    class Meta:
        """Options of peewee."""

        table_name = "transfer_delivery"
        indexes = ((("run", "gui_machine", "name"), True),)
