"""The table of the faulty area; a real area has it as the next numbered file in migrations/."""

from peewee import Model, TextField


def up(migrator, db):
    class FaultyNote(Model):
        text = TextField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([FaultyNote])
