"""Tables of the DQM^2 wing, for each system: `production` (real data) and `playback` (old files under false run numbers).

Machines' facts are written by the grabber alone; what people say (`Acknowledgement`, `Pin`) is in tables of its own.
Every field of every document is kept: `Document.body` and `Log.body` together are the document as it came, and the
typed columns of `Job`, `Graph` and `Run` are what is shown and searched. Texts have no NUL and no lone surrogate.

Versions: each system has one counter (app/core/counters.py). A poll of a run compares `Run.version`, one of a whole
system the counter. The grabber's reading without a change
(`Host.last_ok`) does not advance it; a host that begins or ceases to fail does. Nobody advances it when the grabber
itself is dead: a poll looks at the age of `last_ok` for that.
Times are Unix s UTC.
"""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from app.core.database import Table

SYSTEMS = ("production", "playback")

LUMIS_PER_PART = 64


class Host(Table):
    """A machine that is asked for its documents, and how that goes.

    role: fu (runs jobs) or bu (holds the files). rev, rev_key: the last revision that was read and whose it is; rev
    counts from 1 again when P5 starts anew (`resets`). last_ok: last answer; last_new: last new document; error,
    last_error: the last failure, kept; failures: in a row, 0 when it answers; not_before: it is left alone until then.
    behind: headers whose documents are still to be fetched. software: version of DQM^2 that it runs. version: of its last change between answering and failing.
    """

    system = TextField()
    name = TextField()
    role = TextField()
    rev = BigIntegerField(default=0)
    rev_key = TextField(default="")
    resets = IntegerField(default=0)
    last_ok = DoubleField(null=True)
    last_new = DoubleField(null=True)
    last_error = DoubleField(null=True)
    error = TextField(default="")
    failures = IntegerField(default=0)
    not_before = DoubleField(default=0.0)
    behind = IntegerField(default=0)
    software = TextField(default="")
    version = BigIntegerField(default=0)

    class Meta:
        table_name = "square_host"
        indexes = ((("system", "name"), True),)


class HostStatus(Table):
    """A machine was up, or down with this message, from `first` to `last`, as P5's own look at its cluster says."""

    system = TextField()
    name = TextField()
    up = BooleanField()
    message = TextField(default="")
    first = DoubleField()
    last = DoubleField(index=True)
    version = BigIntegerField()

    class Meta:
        table_name = "square_hoststatus"
        indexes = ((("system", "name", "first"), False),)


class Document(Table):
    """The newest state of a document, by its `_id` (here `key`); body: zstd of its JSON without the log texts of `Log`.

    rev: 0 when P5 has it no more. timestamp: of its header. created: when its first state was stored, received: its newest. bytes: space of body,
    log and points. size: of the JSON.
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


class Run(Table):
    """A run that jobs or files were reported of, summed up over its jobs.

    first, last: the earliest start and the last report. running: jobs without exit code, the stuck ones included;
    finished, crashed: exit code 0, any other. lumi: the greatest seen. data_run: the run in the data, another one in
    playback. cmssw: version of the newest job.
    """

    system = TextField()
    run = BigIntegerField()
    first = DoubleField()
    last = DoubleField()
    jobs = IntegerField(default=0)
    running = IntegerField(default=0)
    finished = IntegerField(default=0)
    crashed = IntegerField(default=0)
    lumi = BigIntegerField(null=True)
    data_run = BigIntegerField(null=True)
    runkey = TextField(default="")
    cmssw = TextField(default="")
    version = BigIntegerField()

    class Meta:
        table_name = "square_run"
        indexes = ((("system", "run"), True), (("system", "version"), False), (("system", "last"), False))


class Job(Table):
    """One process of a run: a `dqm-source-state` document; key: its `_id`. None is what was not reported.

    Jobs of one run, tag and host are attempts of one client, in the order of `started`. tag: name of the
    configuration; path: its file. exit_code: None while it runs, negative for a signal. fi_state: of the file iterator: 0 open,
    1 end of run seen but files left, 2 end of run. lumi, events, rate (events/s), data_run: what it saw in the data.
    rss_kb: resident memory, KiB. cmssw: version, as 12_4_8_x. runkey: as pp_run. started: of the process, if it says,
    else the first report. reported: the last report.
    """

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
        indexes = ((("system", "key"), True), (("system", "run", "tag"), False), (("system", "reported"), False))


class Log(Table):
    """First and last lines of what a job wrote: zstd of the JSON {"stdlog_start": [...], "stdlog_end": [...]} as they came."""

    system = TextField()
    key = TextField()
    received = DoubleField(index=True)
    body = BlobField()
    version = BigIntegerField()

    class Meta:
        table_name = "square_log"
        indexes = ((("system", "key"), True),)


class Graph(Table):
    """The files of a run as one machine saw them: a `dqm-files` document; global_start: of the run; lumi_s: length of a lumisection."""

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
    """The files of one stream whose lumisection divided by LUMIS_PER_PART gives `part`; what changed has a greater version.

    points: zstd of the JSON {"lumis", "mtimes", "ctimes", "evt_processed", "evt_accepted", "fsize"}: arrays of one length, one entry per file.
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
    """A document, or a whole message (key ""), that could not be stored: why, and the text that came, at most 64 KiB of it.

    It is tried again when P5 has a newer state of it, and then removed. times: how often it failed, from first to last.
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


class Acknowledgement(Table):
    """Somebody has seen that a job crashed or is stuck; revision: grows with each edit of this row, against lost ones."""

    system = TextField()
    key = TextField()
    user = TextField()
    at = DoubleField()
    note = TextField(default="")
    revision = IntegerField(default=1)
    version = BigIntegerField()

    class Meta:
        table_name = "square_acknowledgement"
        indexes = ((("system", "key"), True),)


class Pin(Table):
    """A run that is kept, whatever the age of its documents."""

    system = TextField()
    run = BigIntegerField()
    user = TextField()
    at = DoubleField()
    reason = TextField(default="")

    class Meta:
        table_name = "square_pin"
        indexes = ((("system", "run"), True),)
