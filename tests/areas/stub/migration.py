"""The table of the stub area; a real area has it as the next numbered file in migrations/."""

from peewee import DoubleField, Model


def up(migrator, db):
    class Visit(Model):
        at = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Visit])
