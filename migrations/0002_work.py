"""Work rows: what the queues carry, its state and who has it."""

from peewee import SQL, AutoField, BooleanField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Work(Model):
        id = AutoField()
        queue = TextField()
        kind = TextField()
        key = TextField()
        args = TextField()
        state = TextField()
        attempts = IntegerField()
        lease_until = DoubleField()
        owner = TextField()
        cancelling = BooleanField()
        progress = DoubleField(null=True)
        note = TextField()
        error = TextField()
        created = DoubleField()
        started = DoubleField(null=True)
        finished = DoubleField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            indexes = ((("state", "queue", "lease_until"), False), (("kind", "key"), False))

    open_key = Work.index(Work.kind, Work.key, unique=True, name="work_open_kind_key", where=SQL("state IN ('queued', 'running')"))
    db.create_tables([Work])
    db.execute(open_key)
