"""Registering more files in one call than one short transaction holds."""

from __future__ import annotations

import subprocess
import sys

import pytest
from peewee import PeeweeException

from app.core.settings import TREE, Settings
from app.core.short_writes import FIRST_ITEMS, MOST_ITEMS
from app.gui.files import staging
from app.gui.files.entries import Entry
from app.gui.files.register import Registered
from app.gui.models import File, Registration, RegistrationEntry, Sample
from app.queue.models import BackgroundJob
from app.security.models import Audit
from jobs.gui import clean_registrations, complete_registration
from tests.support.processes import environment

pytestmark = pytest.mark.both_databases

KILLED_WHILE_IT_STORES = """
import os
from app.core import database
from app.core.settings import load
from app.gui.files import staging
from app.queue import execution
from tests.gui.files.test_staging import entries

settings, calls = load(), []
database.connect(settings)
execution.connect(settings)

def dying(some, store=staging.register_batch):
    calls.append(some)
    return store(some) if len(calls) < 3 else os.kill(os.getpid(), 9)

staging.register_batch = dying
staging.register_all(entries(4000))
"""


def entries(count: int) -> list[Entry]:
    return [Entry("/ZeroBias/Run2023C-PromptReco-v1/DQMIO", run, 0, f"/data/{run}.root", "tdirectory") for run in range(1, count + 1)]


def test_nothing_is_registered_by_a_call_that_fails_while_it_stages(hub: Settings) -> None:
    unusable = Entry("/A/B/C", 1, 0, "/data/\ud800.root", "tdirectory")  # no database stores this text
    with pytest.raises((PeeweeException, UnicodeError)):
        staging.register_all([*entries(999), unusable])
    assert (Sample.select().count(), File.select().count(), BackgroundJob.select().count()) == (0, 0, 0)
    assert RegistrationEntry.select().count() > 0
    clean_registrations(BackgroundJob.create(queue="bulk", kind="clean-registrations", key="today", state="running"))
    assert Registration.select().count() == 1  # another call may be staging just now
    Registration.update(created=Registration.created - 2 * 86400).execute()
    assert staging.forget_registrations() == 1
    assert RegistrationEntry.select().count() == 0


def test_a_call_whose_process_is_killed_while_it_stores_is_completed_by_the_job(hub: Settings) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_IT_STORES]
    assert subprocess.run(command, cwd=TREE, env=environment(hub), check=False).returncode == -9
    assert 0 < Sample.select().count() < 4000
    job = BackgroundJob.get(BackgroundJob.kind == "register")
    assert job.state == "running"  # a consumer takes it at the end of its lease
    for _ in range(2):
        complete_registration(job)
        assert (Sample.select().count(), File.select().count(), RegistrationEntry.select().count()) == (4000, 4000, 0)
    assert [row.answer for row in Audit.select()] == [str(Registered(4000, 0, 0))]


def test_a_killed_registration_stays_until_it_is_complete(hub: Settings) -> None:
    Registration.create(user="u", summary="", files="{}", state="accepted", created=0.0)
    assert staging.forget_registrations() == 0


def test_no_transaction_of_a_large_call_has_more_than_a_few_entries(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    store = staging.register_batch

    def count(some: list[Entry]) -> Registered:
        sizes.append(len(some))
        return store(some)

    monkeypatch.setattr(staging, "register_batch", count)
    assert staging.register_all(entries(3000)) == Registered(3000, 0, 0)
    assert (sizes[0], sum(sizes)) == (FIRST_ITEMS, 3000)
    assert max(sizes) <= MOST_ITEMS
