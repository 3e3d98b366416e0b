"""The DQM^2 wing: documents of the machines at the experiment, what is shown of them, and what people say of it."""

from peewee import BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, Model, TextField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Feed(Base):
        system = TextField(unique=True)
        version = BigIntegerField()

        class Meta:
            table_name = "square_feed"

    class Host(Base):
        system = TextField()
        name = TextField()
        role = TextField()
        rev = BigIntegerField()
        rev_key = TextField()
        resets = IntegerField()
        last_ok = DoubleField(null=True)
        last_new = DoubleField(null=True)
        last_error = DoubleField(null=True)
        error = TextField()
        failures = IntegerField()
        not_before = DoubleField()
        behind = IntegerField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_host"
            indexes = ((("system", "name"), True),)

    class HostStatus(Base):
        system = TextField()
        name = TextField()
        up = BooleanField()
        message = TextField()
        first = DoubleField()
        last = DoubleField(index=True)
        version = BigIntegerField()

        class Meta:
            table_name = "square_hoststatus"
            indexes = ((("system", "name", "first"), False),)

    class Document(Base):
        system = TextField()
        key = TextField()
        type = TextField()
        host = TextField()
        run = BigIntegerField(null=True)
        tag = TextField()
        rev = BigIntegerField()
        timestamp = DoubleField()
        created = DoubleField(index=True)
        received = DoubleField(index=True)
        size = IntegerField()
        bytes = IntegerField()
        body = BlobField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_document"
            indexes = ((("system", "key"), True), (("system", "run", "type"), False), (("system", "type", "host"), False))

    class Run(Base):
        system = TextField()
        run = BigIntegerField()
        first = DoubleField()
        last = DoubleField()
        jobs = IntegerField()
        running = IntegerField()
        finished = IntegerField()
        crashed = IntegerField()
        lumi = BigIntegerField(null=True)
        data_run = BigIntegerField(null=True)
        runkey = TextField()
        cmssw = TextField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_run"
            indexes = ((("system", "run"), True), (("system", "version"), False))

    class Job(Base):
        system = TextField()
        key = TextField()
        run = BigIntegerField(null=True)
        tag = TextField()
        host = TextField()
        pid = BigIntegerField(null=True)
        exit_code = BigIntegerField(null=True)
        fi_state = BigIntegerField(null=True)
        lumi = BigIntegerField(null=True)
        events = BigIntegerField(null=True)
        rate = DoubleField(null=True)
        rss_kb = BigIntegerField(null=True)
        data_run = BigIntegerField(null=True)
        cmssw = TextField()
        runkey = TextField()
        path = TextField()
        started = DoubleField()
        reported = DoubleField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_job"
            indexes = ((("system", "key"), True), (("system", "run", "tag"), False))

    class Log(Base):
        system = TextField()
        key = TextField()
        received = DoubleField(index=True)
        body = BlobField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_log"
            indexes = ((("system", "key"), True),)

    class Graph(Base):
        system = TextField()
        key = TextField()
        run = BigIntegerField()
        host = TextField()
        tag = TextField()
        global_start = DoubleField(null=True)
        source = TextField()
        lumi_s = DoubleField()
        received = DoubleField(index=True)
        version = BigIntegerField()

        class Meta:
            table_name = "square_graph"
            indexes = ((("system", "key"), True), (("system", "run"), False))

    class GraphPart(Base):
        graph = ForeignKeyField(Graph, on_delete="CASCADE", index=False)
        stream = TextField()
        part = BigIntegerField()
        points = BlobField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_graph_part"
            indexes = ((("graph", "stream", "part"), True),)

    class DeadLetter(Base):
        system = TextField()
        host = TextField()
        key = TextField()
        rev = BigIntegerField(null=True)
        why = TextField()
        body = BlobField(null=True)
        first = DoubleField()
        last = DoubleField(index=True)
        times = IntegerField()

        class Meta:
            table_name = "square_deadletter"
            indexes = ((("system", "host", "key"), True),)

    class Acknowledgement(Base):
        system = TextField()
        key = TextField()
        user = TextField()
        at = DoubleField()
        note = TextField()
        revision = IntegerField()
        version = BigIntegerField()

        class Meta:
            table_name = "square_acknowledgement"
            indexes = ((("system", "key"), True),)

    class Pin(Base):
        system = TextField()
        run = BigIntegerField()
        user = TextField()
        at = DoubleField()
        reason = TextField()

        class Meta:
            table_name = "square_pin"
            indexes = ((("system", "run"), True),)

    db.create_tables([Feed, Host, HostStatus, Document, Run, Job, Log, Graph, GraphPart, DeadLetter, Acknowledgement, Pin])
