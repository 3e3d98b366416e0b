"""The transfer of online files: its processes, runs, files of clients, concatenations, merges, deliveries, clean-up and problems."""

from peewee import BigIntegerField, DoubleField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class TransferHost(Base):
        host = TextField()
        mode = TextField()
        release = TextField(default="")
        seen = DoubleField(default=0.0)
        now = DoubleField(default=0.0)
        skew_s = DoubleField(default=0.0)
        number = BigIntegerField(default=0)
        number_at = DoubleField(default=0.0)
        dropped = BigIntegerField(default=0)
        refused = BigIntegerField(default=0)
        problem = TextField(default="")
        state = TextField(default="{}")
        version = BigIntegerField(default=0)

        class Meta:
            table_name = "transfer_host"
            indexes = ((("host", "mode"), True),)

    class TransferRun(Base):
        run = IntegerField(primary_key=True)
        began = DoubleField()
        changed = DoubleField()
        version = BigIntegerField(default=0)

        class Meta:
            table_name = "transfer_run"
            indexes = ((("changed",), False),)

    class TransferRunState(Base):
        run = IntegerField()
        host = TextField()
        mode = TextField()
        state = TextField()
        since = DoubleField()
        waiting_for = TextField(default="[]")

        class Meta:
            table_name = "transfer_run_state"
            indexes = ((("run", "host", "mode"), True),)

    class TransferProcess(Base):
        run = IntegerField()
        host = TextField()
        pid = BigIntegerField()
        program = TextField(default="")
        client = TextField(default="")
        snapshot = DoubleField(default=0.0)
        restarted = IntegerField(default=0)
        first = DoubleField()
        last = DoubleField()

        class Meta:
            table_name = "transfer_process"
            indexes = ((("run", "host", "pid"), True),)

    class TransferClient(Base):
        run = IntegerField()
        host = TextField()
        client = TextField()
        snapshots = IntegerField(default=0)
        snapshot_bytes = BigIntegerField(default=0)
        snapshot_name = TextField(default="")
        snapshot_size = BigIntegerField(default=0)
        snapshot_written = DoubleField(default=0.0)
        snapshot_sent = DoubleField(default=0.0)
        delay_s = DoubleField(null=True)
        worst_delay_s = DoubleField(null=True)
        root_name = TextField(default="")
        root_size = BigIntegerField(default=0)
        root_written = DoubleField(default=0.0)
        root_sent = DoubleField(default=0.0)
        root_delay_s = DoubleField(null=True)
        attempts = BigIntegerField(default=0)
        error = TextField(default="")
        error_at = DoubleField(default=0.0)

        class Meta:
            table_name = "transfer_client"
            indexes = ((("run", "host", "client"), True),)

    class TransferConcatenation(Base):
        run = IntegerField()
        host = TextField()
        name = TextField()
        digest = TextField()
        size = BigIntegerField()
        entries = BigIntegerField()
        began = DoubleField()
        made = DoubleField()
        shared = BigIntegerField()
        examples = TextField()
        inputs = TextField()
        left_out = TextField()

        class Meta:
            table_name = "transfer_concatenation"
            indexes = ((("run", "id"), False),)

    class TransferMerge(Base):
        run = IntegerField()
        host = TextField()
        number = IntegerField()
        name = TextField()
        size = BigIntegerField()
        began = DoubleField()
        made = DoubleField()
        accepted = IntegerField()
        error = TextField()
        histograms = BigIntegerField()
        resolved = BigIntegerField()
        inputs = TextField()
        left_out = TextField()

        class Meta:
            table_name = "transfer_merge"
            indexes = ((("run", "id"), False),)

    class TransferDelivery(Base):
        run = IntegerField()
        gui_machine = TextField()
        host = TextField()
        name = TextField()
        what = TextField()
        size = BigIntegerField()
        made = DoubleField()
        copied = DoubleField()
        registered = DoubleField()
        attempts = IntegerField()
        error = TextField()
        at = DoubleField()

        class Meta:
            table_name = "transfer_delivery"
            indexes = ((("run", "gui_machine", "name"), True),)

    class TransferCleanup(Base):
        host = TextField()
        at = DoubleField()
        removed = BigIntegerField()
        bytes = BigIntegerField()
        rules = TextField()
        disk = DoubleField()
        examples = TextField()

        class Meta:
            table_name = "transfer_cleanup"
            indexes = ((("host", "id"), False),)

    class TransferProblem(Base):
        kind = TextField()
        host = TextField()
        run = IntegerField(default=0)
        origin = TextField(default="")
        subject = TextField()
        text = TextField()
        began = DoubleField()
        ended = DoubleField(null=True)

        class Meta:
            table_name = "transfer_problem"
            indexes = ((("kind", "began"), False), (("run", "ended"), False), (("ended",), False))

    db.create_tables(
        [
            TransferHost,
            TransferRun,
            TransferRunState,
            TransferProcess,
            TransferClient,
            TransferConcatenation,
            TransferMerge,
            TransferDelivery,
            TransferCleanup,
            TransferProblem,
        ]
    )
