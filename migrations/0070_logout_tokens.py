"""Logout tokens of the identity provider that were used, until they are too old to be accepted again."""

from peewee import DoubleField, Model, TextField


def up(migrator, db):
    class UsedLogoutToken(Model):
        sha256 = TextField(unique=True)
        expires = DoubleField(index=True)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([UsedLogoutToken])
