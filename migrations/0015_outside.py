"""What the mirrors have: the editions, what is in them, and how far each mirror is."""

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Series(Base):
        name = TextField(unique=True)
        started = DoubleField()
        edition = BigIntegerField()
        at = DoubleField()
        dropped = BigIntegerField()

        class Meta:
            table_name = "square_outside_series"

    class Piece(Base):
        kind = TextField()
        system = TextField()
        run = BigIntegerField()
        name = TextField()
        token = TextField()
        due = DoubleField()

        class Meta:
            table_name = "square_outside_piece"
            indexes = ((("kind", "system", "run", "name"), True),)

    class Published(Base):
        piece = ForeignKeyField(Piece, null=True, on_delete="SET NULL")
        kind = TextField()
        system = TextField()
        run = BigIntegerField()
        name = TextField()
        type = TextField()
        encoding = TextField()
        sha256 = TextField()
        size = IntegerField()
        body = BlobField(null=True)
        edition = BigIntegerField(index=True)
        at = DoubleField()

        class Meta:
            table_name = "square_outside_item"
            indexes = ((("kind", "system", "run", "name"), True),)

    class Mirror(Base):
        address = TextField(unique=True)
        series = TextField()
        have = BigIntegerField()
        at = DoubleField()
        last_ok = DoubleField(null=True)
        last_error = DoubleField(null=True)
        error = TextField()
        failures = IntegerField()
        not_before = DoubleField()
        sent = BigIntegerField()

        class Meta:
            table_name = "square_outside_mirror"

    db.create_tables([Series, Piece, Published, Mirror])
