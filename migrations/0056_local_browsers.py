"""Browsers that read without an account on the machine of the hub, and the links that start their sessions."""

from peewee import DoubleField, Model, TextField


def up(migrator, db):
    class LocalBrowser(Model):
        sha256 = TextField(unique=True)
        opened = DoubleField()
        last_used = DoubleField()
        expires = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([LocalBrowser])
