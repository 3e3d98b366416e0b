"""Monitor elements that brought render processes down, and how often."""

from peewee import DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class File(Base):
        pass

    class Quarantine(Base):
        file = ForeignKeyField(File, on_delete="CASCADE", index=False)
        version = TextField()
        me = TextField()
        crashes = IntegerField()
        reason = TextField()
        plugin = TextField()
        last = DoubleField(index=True)

        class Meta:
            indexes = ((("file", "me"), True),)

    db.create_tables([Quarantine])
