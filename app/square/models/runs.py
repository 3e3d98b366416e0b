"""Tables of runs and jobs."""

from __future__ import annotations

from peewee import BigIntegerField, DoubleField, IntegerField, TextField

from app.core.database import Table


class Run(Table):
    """A run with reports of jobs or files, summarised over its jobs.

    Attributes:
        first, last: Earliest start and latest report.
        jobs: Number of jobs.
        clients: Number of clients; a client counts by its newest job.
        running: Clients whose newest job has no exit code, including stuck ones.
        finished, crashed: Clients whose newest job ended with exit code 0, and with any other.
        stopped: Clients whose newest job was ended by a command, and has no successor yet.
        hosts: Number of hosts that reported jobs or files.
        doubt: Why its number is doubtful, see app.square.plausibility; "" if it is plausible.
        failed: Earlier jobs of clients that ended with another exit code than 0, but not by a command.
        lumi: Highest lumisection seen.
        data_run: Run number in the data; a different one in playback.
        runkey, cmssw: Of the newest job.
    """

    system = TextField()
    run = BigIntegerField()
    first = DoubleField()
    last = DoubleField()
    jobs = IntegerField(default=0)
    clients = IntegerField(default=0)
    running = IntegerField(default=0)
    finished = IntegerField(default=0)
    crashed = IntegerField(default=0)
    stopped = IntegerField(default=0)
    failed = IntegerField(default=0)
    hosts = IntegerField(default=1)
    doubt = TextField(default="")
    lumi = BigIntegerField(null=True)
    data_run = BigIntegerField(null=True)
    runkey = TextField(default="")
    cmssw = TextField(default="")
    version = BigIntegerField()

    class Meta:
        table_name = "square_run"
        indexes = ((("system", "run"), True), (("system", "version"), False), (("system", "last"), False), (("system", "first"), False))


class Job(Table):
    """A process of a run: a `dqm-source-state` document. Columns are None or "" where nothing was reported.

    Jobs of one run, tag and host are attempts of one client in the order of `started`.

    Attributes:
        key: `_id` of the document.
        tag, path: Name and file of the configuration.
        exit_code: None while it runs; negative for a signal.
        fi_state: State of the file iterator: 0 open, 1 end of run seen but files left, 2 end of run.
        lumi, events, data_run: Last lumisection, number of events and run number in the data.
        rate: Events per second.
        rss_kb: Resident memory, KiB.
        cmssw, runkey: As 12_4_8_x and pp_run.
        started: Start of the process if reported, otherwise the first report.
        reported: Last report.
        stopped_by: Number of the `CommandedStop` that ended it; None if no command did.
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
    stopped_by = BigIntegerField(null=True)
    version = BigIntegerField()

    class Meta:
        table_name = "square_job"
        indexes = (
            (("system", "key"), True),
            (("system", "run", "tag"), False),
            (("system", "reported"), False),
            (("system", "version"), False),
        )
