"""The table of the snapshots of ongoing runs; their contents are in packs, see app.gui.snapshots.packs."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table
from app.gui.models import Dataset


class LiveSnapshot(Table):
    """What the MEs of an ongoing run held at one lumisection."""

    dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
    run = IntegerField()  # as the DQM processes name it, also for the sample of run 0
    lumi = IntegerField()  # the newest of all DQM processes
    format = TextField()  # of the file
    size = BigIntegerField()  # of the file, bytes
    mtime_ns = BigIntegerField()  # time of change of the file, Unix ns UTC
    me_count = IntegerField()
    contents = TextField()  # hash of its list of contents
    bytes = BigIntegerField()  # of its contents in packs, also those that it shares with other snapshots
    kept = DoubleField()  # Unix s UTC

    class Meta:
        """Options of peewee."""

        table_name = "live_snapshot"
        indexes = ((("dataset", "run", "lumi"), True), (("kept",), False))
