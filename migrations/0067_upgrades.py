"""The releases that have upgraded this database, each with the backup made before."""

from peewee import DoubleField, Model, TextField


def up(migrator, db):
    class Upgrade(Model):
        version = TextField()
        backup = TextField()
        at = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "upgrade"

    db.create_tables([Upgrade])
