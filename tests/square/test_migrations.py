"""An upgrade counts the clients and hosts of runs that were stored before, and doubts impossible numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playhouse.migrations import Runner

from app.core import database, database_schema
from app.core.database_schema import MIGRATIONS
from app.core.settings import Settings
from app.square.models import Job, Run

RUN = (
    "INSERT INTO square_run (system, run, first, last, jobs, running, finished, crashed, runkey, cmssw, version)"
    " VALUES ('production', 7, 1, 2, 4, 1, 1, 2, '', '', 1)"
)
JOB = (
    "INSERT INTO square_job (system, key, run, tag, host, exit_code, cmssw, runkey, path, started, reported, version)"
    " VALUES ('production', '{0}', 7, '{1}', 'fu', {2}, '', '', '', {0}, {0}, 1)"
)
JOBS = ((1, "ecal", 65), (2, "ecal", -11), (3, "ecal", "NULL"), (4, "csc", 0))


@pytest.fixture
def upgraded(settings: Settings) -> Iterator[None]:
    """A database with a run of three attempts of one client, and one of another, upgraded."""
    connection = database.connect(settings)
    Runner(connection, str(MIGRATIONS)).up("0020_queue")
    for statement in (RUN, RUN.replace("7, 1, 2", "-4, 1, 2"), *(JOB.format(*job) for job in JOBS)):
        connection.execute_sql(statement)
    database_schema.upgrade(connection, print)
    yield
    database.disconnect()
    database.proxy.initialize(None)


def test_an_upgrade_counts_clients_by_their_newest_attempt(upgraded: None) -> None:
    run = Run.get(Run.run == 7)
    assert (run.jobs, run.clients, run.running, run.finished, run.crashed, run.stopped, run.failed) == (4, 2, 1, 1, 0, 0, 2)
    assert all(job.stopped_by is None for job in Job.select())


def test_an_upgrade_doubts_impossible_numbers_and_counts_hosts(upgraded: None) -> None:
    assert {run.run: (run.doubt, run.hosts) for run in Run.select()} == {7: ("", 1), -4: ("range", 1)}
