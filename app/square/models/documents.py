"""Tables of the documents of P5: as they came, their logs and file deliveries, and rejected ones."""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

LUMIS_PER_PART = 64
"""Lumisections in one GraphPart."""


class Document(Table):
    """The newest state of a document.

    Attributes:
        key: Its `_id` at P5.
        type: As dqm-source-state.
        rev: Its revision at P5; 0 if P5 no longer has it.
        timestamp: Time in its header.
        created, received: Times when its first and its newest state were stored.
        size: Bytes of its JSON.
        bytes: Bytes that body, log and graph parts take in the database.
        body: zstd of its JSON without the log texts, which are in `Log`.
    """

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


class Log(Table):
    """The first and last lines of the log of a job.

    Attributes:
        key: Key of the job.
        body: zstd of the JSON {"stdlog_start": [...], "stdlog_end": [...]} as they came.
    """

    system = TextField()
    key = TextField()
    received = DoubleField(index=True)
    body = BlobField()
    version = BigIntegerField()

    class Meta:
        table_name = "square_log"
        indexes = ((("system", "key"), True),)


class Graph(Table):
    """The file deliveries of a run as one machine reports them: a `dqm-files` document.

    Attributes:
        global_start: Start of the run.
        source: Where P5 has `global_start` from.
        lumi_s: Length of a lumisection, s.
    """

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


class GraphPart(Table):
    """The files of one stream in LUMIS_PER_PART lumisections. Only changed parts get a new version.

    Attributes:
        part: Lumisection divided by LUMIS_PER_PART.
        points: zstd of the JSON {"lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize"}: arrays of equal length
            with one entry per file.
    """

    graph = ForeignKeyField(Graph, on_delete="CASCADE", index=False)
    stream = TextField()
    part = BigIntegerField()
    points = BlobField()
    version = BigIntegerField()

    class Meta:
        table_name = "square_graph_part"
        indexes = ((("graph", "stream", "part"), True),)


class DeadLetter(Table):
    """A document that could not be stored. It is fetched again, at the latest when P5 has a newer state, and removed once it is stored.

    Attributes:
        key: Key of the document; "" for a whole response.
        why: Reason.
        body: The beginning of the received text, at most 64 KiB.
        first, last, times: When it failed first and last, and how often.
    """

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
