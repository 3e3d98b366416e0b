"""Golden JSON files that users have uploaded, by the hash of their content."""

from peewee import DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class GoldenList(Model):
        hash = TextField(primary_key=True)
        content = TextField()
        name = TextField()
        runs = IntegerField()
        lumis = IntegerField()
        user = TextField()
        created = DoubleField()
        used = DoubleField(index=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "golden_list"

    db.create_tables([GoldenList])
