"""Registrations of many files, whose entries are staged before they are stored."""

from peewee import DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Registration(Base):
        user = TextField()
        summary = TextField()
        files = TextField()
        state = TextField(default="staged")
        new = IntegerField(default=0)
        replaced = IntegerField(default=0)
        known = IntegerField(default=0)
        created = DoubleField()

    class RegistrationEntry(Base):
        registration = ForeignKeyField(Registration)
        dataset = TextField()
        run = IntegerField()
        lumi = IntegerField()
        url = TextField()
        format = TextField()

        class Meta:
            table_name = "registration_entry"

    db.create_tables([Registration, RegistrationEntry])
