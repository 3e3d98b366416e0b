"""An upgrade to the tables named after background jobs and periodic tasks keeps their rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from peewee import IntegrityError

from app.core.settings import Settings
from app.queue import execution, store
from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTaskState
from tests.support.upgrades import upgraded_database

pytestmark = pytest.mark.slow

JOB = (
    "INSERT INTO work (queue, kind, key, args, state, attempts, lease_until, owner, cancelling, note, error, created)"
    " VALUES ('bulk', 'import', '{0}', '{{}}', '{0}', 2, 5, 'host', FALSE, '', 'OSError', 6)"
)
TASK = "INSERT INTO loop (name, period_s, owner, lease_until, error, failures, steps) VALUES ('notices', 2, '', 0, '', 1, 7)"


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    """A database with rows of the old tables, upgraded."""
    statements = (*map(JOB.format, ("queued", "failed")), TASK)
    with upgraded_database(request, settings, "0019_roles", statements) as hub:
        execution.connect(hub)
        yield
        execution.disconnect()


def test_an_upgrade_keeps_jobs_and_periodic_tasks(upgraded: None) -> None:
    jobs = {job.key: job for job in BackgroundJob.select()}
    assert {key: (job.state, job.attempts, job.error) for key, job in jobs.items()} == {
        "queued": ("queued", 2, "OSError"),
        "failed": ("failed", 2, "OSError"),
    }
    task = PeriodicTaskState.get()
    assert (task.name, task.failures, task.steps) == ("notices", 1, 7)
    assert store.enqueue("import", "queued").id == jobs["queued"].id
    assert store.enqueue("import", "failed").id not in {job.id for job in jobs.values()}
    with pytest.raises(IntegrityError):
        PeriodicTaskState.create(name="notices", period_s=2.0)
