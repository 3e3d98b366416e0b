"""Notices, who was told of them, and maintenance windows; what happened when: runs and jobs by their last report."""

from peewee import AutoField, BigIntegerField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        id = AutoField()

        class Meta:
            database = db

    class Notice(Base):
        event = TextField(unique=True)
        system = TextField()
        kind = TextField()
        run = BigIntegerField(null=True)
        key = TextField()
        subject = TextField()
        at = DoubleField()
        found = DoubleField()
        title = TextField()
        text = TextField()
        fate = TextField()
        repeats = IntegerField()

        class Meta:
            table_name = "square_notice"
            indexes = ((("system", "kind", "subject", "fate"), False),)

    class Delivery(Base):
        notice = ForeignKeyField(Notice, on_delete="CASCADE", index=False)
        channel = TextField()
        state = TextField()
        attempts = IntegerField()
        since = DoubleField()
        not_before = DoubleField()
        changed = DoubleField()
        why = TextField()

        class Meta:
            table_name = "square_notice_delivery"
            indexes = ((("notice", "channel"), True), (("channel", "state", "not_before"), False), (("channel", "changed"), False))

    class Maintenance(Base):
        system = TextField()
        hosts = TextField()
        begins = DoubleField()
        ends = DoubleField(index=True)
        reason = TextField()
        user = TextField()

        class Meta:
            table_name = "square_maintenance"

    db.create_tables([Notice, Delivery, Maintenance])
    db.execute_sql("CREATE INDEX square_job_system_reported ON square_job (system, reported)")
    db.execute_sql("CREATE INDEX square_run_system_last ON square_run (system, last)")
