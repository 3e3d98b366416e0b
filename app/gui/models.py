"""Tables of the DQM GUI: files, the samples in them, and their lists of monitor elements (MEs)."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

NEW, READY, FAILED = "new", "ready", "failed"
"""States of a file: to be read; its lists are stored; it could not be read (`error` says why)."""


class Dataset(Table):
    """A dataset, /primary/processed/tier."""

    name = TextField(unique=True)


class File(Table):
    """A registered file and what is known of it.

    size: bytes; mtime_ns: Unix ns UTC; both of the version whose lists are stored, null before; listed: Unix s UTC when that was
    done. tried: size and time of change of a version that could not be read. registered: Unix s UTC. unreadable: what could not
    be read of the file.
    """

    url = TextField(unique=True)
    format = TextField()
    size = BigIntegerField(null=True)
    mtime_ns = BigIntegerField(null=True)
    state = TextField(default=NEW)
    error = TextField(default="")
    tried = TextField(default="")
    listed = DoubleField(null=True)
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

    file: what the list is of; coming: a file that was registered since, whose list takes its place once it is stored.
    columns: where each ME is in the file, zstd of formats.Columns; facts: scalars and quality tests, zstd of formats.Facts.
    me_count: 0 when the file has nothing of this sample, null before it was read. version: grows with each change of what is
    shown. first: whether no lumisection before it has MEs, so that it stands for its run.
    """

    dataset = ForeignKeyField(Dataset, index=False)
    run = IntegerField()
    lumi = IntegerField()
    file = ForeignKeyField(File)
    coming = ForeignKeyField(File, null=True, backref="coming_samples", index=False)
    namelist = ForeignKeyField(NameList, null=True)
    columns = BlobField(null=True)
    facts = BlobField(null=True)
    me_count = IntegerField(null=True)
    version = IntegerField(default=1)
    first = BooleanField(default=True)

    class Meta:
        indexes = ((("dataset", "run", "lumi"), True), (("run", "lumi", "dataset"), False))  # searches read the indexes alone


Sample.add_index(Sample.index(Sample.coming, name="sample_coming", where=Sample.coming.is_null(False)))
Sample.add_index(Sample.index(Sample.run, Sample.dataset, name="sample_first", where=Sample.first))
Sample.add_index(Sample.index(Sample.dataset, Sample.run, Sample.lumi, name="sample_empty", where=SQL("me_count = 0")))


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
