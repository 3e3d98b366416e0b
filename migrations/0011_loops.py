"""Loops: what repeats, who does it until when, and how it went."""

from peewee import DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Loop(Model):
        name = TextField(unique=True)
        period_s = DoubleField()
        owner = TextField()
        lease_until = DoubleField()
        last_ok = DoubleField(null=True)
        last_error = DoubleField(null=True)
        error = TextField()
        failures = IntegerField()
        duration_s = DoubleField(null=True)
        steps = IntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Loop])
