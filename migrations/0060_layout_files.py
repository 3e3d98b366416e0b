"""Files of watched folders with layouts and workspaces."""

from peewee import BigIntegerField, BooleanField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class LayoutFile(Model):
        path = TextField(unique=True)
        version = TextField(default="")
        contents = IntegerField(default=0)
        problem = TextField(default="")
        problems = IntegerField(default=0)
        broken = BooleanField(default=False)
        seen = BigIntegerField(default=0)
        read = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "layout_file"

    db.create_tables([LayoutFile])
