"""The job diary: jobs, their parents and history, sources and their records that cannot be used."""

from peewee import BigIntegerField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class DiaryJob(Base):
        source = TextField()
        native_id = TextField()
        submitted = BigIntegerField(default=0)
        kind = TextField(default="")
        name = TextField(default="")
        user = TextField(default="")
        project = TextField(default="")
        state = TextField(default="unknown")
        machine_state = TextField(default="unknown")
        pinned_by = TextField(default="")
        pinned = DoubleField(null=True)
        exit_code = BigIntegerField(null=True)
        signal = IntegerField(null=True)
        reason = TextField(default="")
        attempts = IntegerField(default=0)
        started = DoubleField(null=True)
        ended = DoubleField(null=True)
        seen = DoubleField()
        met = DoubleField()
        cycle = BigIntegerField()
        found = DoubleField()
        changed = DoubleField()
        placed = DoubleField()
        workdir = TextField(default="")
        labels = TextField(default="{}")
        metrics = TextField(default="{}")
        facts = TextField(default="{}")
        logs = TextField(default="[]")
        outputs = TextField(default="[]")

        class Meta:
            table_name = "diary_job"
            indexes = (
                (("source", "native_id", "submitted"), True),
                (("placed", "id"), False),
                (("source", "machine_state", "cycle"), False),
            )

    class DiaryParent(Base):
        job = BigIntegerField()
        source = TextField()
        native_id = TextField()
        submitted = BigIntegerField(default=0)

        class Meta:
            table_name = "diary_parent"
            indexes = ((("job", "source", "native_id", "submitted"), True), (("source", "native_id"), False))

    class DiaryEvent(Base):
        job = BigIntegerField()
        at = DoubleField()
        actor = TextField()
        field = TextField()
        old = TextField()
        new = TextField()

        class Meta:
            table_name = "diary_event"
            indexes = ((("job", "id"), False),)

    class DiarySource(Base):
        name = TextField(unique=True)
        cursor = TextField(default="{}")
        scans = BigIntegerField(default=0)
        cycle = BigIntegerField(default=0)
        last_ok = DoubleField(null=True)
        error = TextField(default="")
        failures = IntegerField(default=0)
        next_try = DoubleField(default=0.0)
        duration_s = DoubleField(null=True)
        found = IntegerField(default=0)
        changed = IntegerField(default=0)
        quarantined = BigIntegerField(default=0)
        skew_s = DoubleField(default=0.0)

        class Meta:
            table_name = "diary_source"

    class DiaryQuarantine(Base):
        source = TextField()
        digest = TextField()
        text = TextField()
        reason = TextField()
        first = DoubleField()
        at = DoubleField()
        count = IntegerField(default=1)

        class Meta:
            table_name = "diary_quarantine"
            indexes = ((("source", "digest"), True), (("source", "at"), False))

    db.create_tables([DiaryJob, DiaryParent, DiaryEvent, DiarySource, DiaryQuarantine])
    db.execute_sql("CREATE INDEX square_job_system_version ON square_job (system, version)")  # what changed since a scan
