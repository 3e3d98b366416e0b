"""Tables of the DQM GUI: files, the samples in them, and their lists of monitor elements (MEs)."""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.database import Table

NEW, READY, FAILED = "new", "ready", "failed"
"""States of a file: registered only; its list is stored; it could not be read (`error` says why)."""


class Dataset(Table):
    """A dataset, /primary/processed/tier."""

    name = TextField(unique=True)


class File(Table):
    """A registered file and what is known of it.

    size: bytes; mtime_ns: Unix ns UTC; both of the version that was read, null before. registered: Unix s UTC.
    unreadable: keys of the file that could not be read.
    """

    url = TextField(unique=True)
    format = TextField()
    size = BigIntegerField(null=True)
    mtime_ns = BigIntegerField(null=True)
    state = TextField(default=NEW)
    error = TextField(default="")
    unreadable = IntegerField(default=0)
    registered = DoubleField()


class NameList(Table):
    """The sorted ME paths of a sample, zstd; stored once for all samples that have the same list."""

    sha256 = TextField(unique=True)
    blob = BlobField()
    count = IntegerField()

    class Meta:
        table_name = "namelist"


class Sample(Table):
    """The MEs of one dataset and run (lumi 0) or lumisection.

    columns: where each ME is in the file, zstd of formats.Columns; facts: scalars and quality tests, zstd of formats.Facts.
    version: grows with each registration, so that a page sees that there is something new.
    """

    dataset = ForeignKeyField(Dataset, index=False)
    run = IntegerField()
    lumi = IntegerField()
    file = ForeignKeyField(File)
    namelist = ForeignKeyField(NameList, null=True)
    columns = BlobField(null=True)
    facts = BlobField(null=True)
    me_count = IntegerField(null=True)
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("dataset", "run", "lumi"), True), (("run", "lumi", "dataset"), False))  # searches read the indexes alone


class Quarantine(Table):
    """An ME that render processes were lost to, of one version of its file.

    version: size and time of change of the file; crashes: processes lost; reason: of the last one; plugin: that was at work
    then, if any was; last: Unix s UTC.
    """

    file = ForeignKeyField(File, on_delete="CASCADE", index=False)
    version = TextField()
    me = TextField()
    crashes = IntegerField()
    reason = TextField()
    plugin = TextField()
    last = DoubleField(index=True)

    class Meta:
        indexes = ((("file", "me"), True),)
