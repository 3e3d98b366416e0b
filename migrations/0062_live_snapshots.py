"""The snapshots of ongoing runs, for windows of their last lumisections."""

from peewee import BigIntegerField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Dataset(Base):
        pass

    class LiveSnapshot(Base):
        dataset = ForeignKeyField(Dataset, on_delete="CASCADE", index=False)
        run = IntegerField()
        lumi = IntegerField()
        format = TextField()
        size = BigIntegerField()
        mtime_ns = BigIntegerField()
        me_count = IntegerField()
        contents = TextField()
        bytes = BigIntegerField()
        kept = DoubleField()

        class Meta:
            table_name = "live_snapshot"
            indexes = ((("dataset", "run", "lumi"), True), (("kept",), False))

    db.create_tables([LiveSnapshot])
