"""The control room of DQM^2: the commands that were given to P5."""

from peewee import BigIntegerField, BlobField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Command(Model):
        system = TextField()
        name = TextField()
        arguments = TextField()
        touched = TextField()
        user = TextField()
        reason = TextField()
        once = TextField(unique=True)
        created = DoubleField(index=True)
        state = TextField()
        sent_at = DoubleField(null=True)
        ended = DoubleField(null=True)
        status = IntegerField(null=True)
        answer = BlobField(null=True)
        error = TextField()
        version = BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "square_command"
            indexes = ((("name", "state"), False), (("state",), False))

    db.create_tables([Command])
