"""Tables of the DQM GUI: files, the samples in them, and their lists of monitor elements (MEs)."""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

NEW, READY, FAILED = "new", "ready", "failed"
"""States of a file: not imported; its lists are stored; it cannot be read (the reason is in `error`)."""


STAGED, ACCEPTED, STORED = "staged", "accepted", "stored"
"""States of a registration: its entries are being staged; all of them are, and will be stored; they are stored."""


class Dataset(Table):
    """A dataset, /primary/processed/tier."""

    name = TextField(unique=True)


class File(Table):
    """A registered file."""

    url = TextField(unique=True)  # absolute path or root:// URL
    format = TextField()
    size = BigIntegerField(null=True)  # bytes of the version whose lists are stored
    mtime_ns = BigIntegerField(null=True)  # time of change of this version, Unix ns UTC
    state = TextField(default=NEW)
    error = TextField(default="")
    tried = TextField(default="")  # size and time of change of a version that could not be read
    retry_at = DoubleField(default=0.0)  # when it is read again although it has not changed, Unix s UTC; 0: never
    listed = DoubleField(null=True)  # time of the last successful import, Unix s UTC
    unreadable = IntegerField(default=0)  # objects that could not be read
    registered = DoubleField()  # Unix s UTC


class NameList(Table):
    """The sorted ME paths of a sample, compressed by zstd; stored once for all samples with the same list."""

    sha256 = TextField(unique=True)
    blob = BlobField()
    count = IntegerField()

    class Meta:
        """Options of peewee."""

        table_name = "namelist"


class Sample(Table):
    """The MEs of one dataset and run, or of one lumisection of it."""

    dataset = ForeignKeyField(Dataset, index=False)
    run = IntegerField()
    lumi = IntegerField()  # 0: the whole run
    file = ForeignKeyField(File)  # of the stored list
    # a file that was registered later; its list replaces the stored one after its import
    coming = ForeignKeyField(File, null=True, backref="coming_samples", index=False)
    namelist = ForeignKeyField(NameList, null=True)
    columns = BlobField(null=True)  # zstd of formats.Columns: locations of the MEs in the file
    facts = BlobField(null=True)  # zstd of formats.Facts: scalars and quality tests
    me_count = IntegerField(null=True)  # 0: the file has no ME of this sample; null: not imported
    errors = IntegerField(null=True)  # MEs with this worst status of their quality tests; null: no list, or not counted yet
    warnings = IntegerField(null=True)
    version = IntegerField(default=1)  # grows with each change of the list
    first = BooleanField(default=True)  # no earlier lumisection has MEs: this one represents the run in searches

    class Meta:
        """Options of peewee."""

        indexes = ((("dataset", "run", "lumi"), True), (("run", "lumi", "dataset"), False))  # searches read the indexes alone


Sample.add_index(Sample.index(Sample.coming, name="sample_coming", where=Sample.coming.is_null(False)))
Sample.add_index(Sample.index(Sample.run, Sample.dataset, name="sample_first", where=Sample.first))
Sample.add_index(Sample.index(Sample.dataset, Sample.run, Sample.lumi, name="sample_empty", where=SQL("me_count = 0")))


class Registration(Table):
    """A call that registers many files; see app.gui.files.staging."""

    user = TextField()  # who registers them
    summary = TextField()  # of the entries, for the audit log
    files = TextField()  # JSON: URLs of files that are read when all are stored, by queue
    state = TextField(default=STAGED)
    place = IntegerField(null=True)  # in the order of acceptance; a later one replaces the files of an earlier one
    count = IntegerField()  # of all entries
    new = IntegerField(default=0)  # entries stored so far; see Registered
    replaced = IntegerField(default=0)
    created = DoubleField()  # Unix s UTC


class RegistrationEntry(Table):
    """A file that is to be registered."""

    registration = ForeignKeyField(Registration, index=False)
    dataset = TextField()
    run = IntegerField()
    lumi = IntegerField()
    url = TextField()
    format = TextField()

    class Meta:
        """Options of peewee."""

        table_name = "registration_entry"
        indexes = ((("registration", "dataset", "run", "lumi"), False),)


class ShortLink(Table):
    """A short link to a view."""

    name = TextField(primary_key=True)  # hash of the address
    address = TextField()  # path and query, from /browse/ on
    created = DoubleField()  # Unix s UTC
    used = DoubleField(index=True)  # when it was made or last opened, to within a day, Unix s UTC

    class Meta:
        """Options of peewee."""

        table_name = "short_link"


class Quarantine(Table):
    """Crashes of the render service by one ME in one version of its file."""

    file = ForeignKeyField(File, on_delete="CASCADE", index=False)
    version = TextField()  # size and time of change of the file
    me = TextField()
    crashes = IntegerField()
    reason = TextField()  # of the last crash
    plugin = TextField()  # that was running at the last crash, or ""
    last = DoubleField(index=True)  # time of the last crash, Unix s UTC

    class Meta:
        """Options of peewee."""

        indexes = ((("file", "me"), True),)
