"""What leaves the experiment: the numbers of pseudonyms, and how much was replaced or dropped on each day."""

from peewee import BigIntegerField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Pseudonym(Base):
        kind = TextField()
        number = IntegerField()
        digest = TextField()

        class Meta:
            table_name = "square_pseudonym"
            indexes = ((("kind", "digest"), True), (("kind", "number"), True))

    class Cleaned(Base):
        day = TextField()
        kind = TextField()
        times = BigIntegerField()

        class Meta:
            table_name = "square_cleaned"
            indexes = ((("day", "kind"), True),)

    db.create_tables([Pseudonym, Cleaned])
