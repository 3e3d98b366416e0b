"""Signs of life of the services."""

from peewee import DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Service(Model):
        name = TextField()
        host = TextField()
        process = IntegerField()
        version = TextField()
        started = DoubleField()
        seen = DoubleField(index=True)

        class Meta:
            database = db
            legacy_table_names = False
            indexes = ((("name", "host", "process"), True),)

    db.create_tables([Service])
