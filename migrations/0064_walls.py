"""Walls: pages of panels for screens in the control room."""

from peewee import DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Wall(Model):
        name = TextField(unique=True)
        definition = TextField()
        version = IntegerField()
        user = TextField()
        changed = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "wall"

    db.create_tables([Wall])
