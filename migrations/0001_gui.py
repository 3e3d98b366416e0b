"""Files, samples and name lists of the DQM GUI."""

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Dataset(Base):
        name = TextField(unique=True)

    class File(Base):
        url = TextField(unique=True)
        format = TextField()
        size = BigIntegerField(null=True)
        mtime_ns = BigIntegerField(null=True)
        state = TextField()
        error = TextField()
        unreadable = IntegerField()
        registered = DoubleField()

    class NameList(Base):
        sha256 = TextField(unique=True)
        blob = BlobField()
        count = IntegerField()

        class Meta:
            table_name = "namelist"

    class Sample(Base):
        dataset = ForeignKeyField(Dataset, index=False)
        run = IntegerField()
        lumi = IntegerField()
        file = ForeignKeyField(File)
        namelist = ForeignKeyField(NameList, null=True)
        columns = BlobField(null=True)
        facts = BlobField(null=True)
        me_count = IntegerField(null=True)
        version = IntegerField()

        class Meta:
            indexes = ((("dataset", "run", "lumi"), True), (("run", "lumi", "dataset"), False))

    db.create_tables([Dataset, File, NameList, Sample])
