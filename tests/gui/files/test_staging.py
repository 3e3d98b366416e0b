"""Registering more files in one call than one short transaction holds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from threading import Thread
from typing import Any

import pytest
from peewee import OperationalError, PeeweeException

from app.cli.files import store_entries
from app.core.database import proxy
from app.core.settings import TREE, Settings
from app.core.short_writes import FIRST_ITEMS, MOST_ITEMS
from app.gui.files import staging
from app.gui.files.entries import Entry
from app.gui.files.register import Registered
from app.gui.files.staging import Accepted
from app.gui.models import ACCEPTED, File, Registration, RegistrationEntry, Sample
from app.queue import execution
from app.queue.leases import LeaseWatch
from app.queue.models import ATTEMPTS, BackgroundJob, JobCancelled, JobStateError
from app.queue.store import attempt_in_thread, cancel, last_failed, sweep
from app.security.models import Audit
from jobs.gui import clean_registrations, complete_registration
from tests.support.processes import environment, wait_for_jobs
from tests.support.small_disk import fill_hub

KILLED_WHILE_IT_STORES = """
import os
import app.areas
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


@pytest.mark.both_databases
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


@pytest.mark.both_databases
def test_a_call_whose_process_is_killed_while_it_stores_is_completed_by_the_job(hub: Settings) -> None:
    command = [sys.executable, "-c", KILLED_WHILE_IT_STORES]
    assert subprocess.run(command, cwd=TREE, env=environment(hub), check=False).returncode == -9
    assert 0 < Sample.select().count() < 4000
    job = BackgroundJob.get(BackgroundJob.kind == "register")
    assert job.state == "running"  # a consumer takes it at the end of its lease
    for _ in range(2):
        complete_registration(job)
        assert (Sample.select().count(), File.select().count(), RegistrationEntry.select().count()) == (4000, 4000, 0)
    assert [row.answer for row in Audit.select().order_by(Audit.id)] == ["accepted", str(Registered(4000, 0, 0))]


def accepted(some: list[Entry]) -> BackgroundJob:
    """The job of a call that was accepted and has stored nothing yet."""
    return staging._accept(staging._stage(some))


def stored_files() -> dict[tuple[int, int], str]:
    """The file of each sample, by run and lumisection."""
    return {(sample.run, sample.lumi): (sample.coming or sample.file).url for sample in Sample.select()}


def in_folder(folder: str, runs: Iterable[int]) -> list[Entry]:
    return [each._replace(run=run, url=f"/{folder}/{run}.root") for run in runs for each in entries(1)]


@pytest.mark.both_databases
@pytest.mark.parametrize("newer", [10, 300])
def test_a_call_that_is_completed_late_does_not_replace_the_files_of_a_newer_one(hub: Settings, newer: int) -> None:
    older = accepted(in_folder("older", range(1, 401)))
    runs = range(100, 100 + newer)
    assert staging.register_all(in_folder("newer", runs)) == Registered(newer, 0, 0)
    staging.complete(older)
    assert stored_files() == {(run, 0): f"/{'newer' if run in runs else 'older'}/{run}.root" for run in range(1, 401)}
    answer = Audit.select(Audit.answer).order_by(Audit.id.desc()).limit(1).scalar()
    assert answer == str(Registered(400 - newer, 0, newer))  # together the files of the call


@pytest.mark.both_databases
def test_the_later_accepted_of_two_large_calls_wins_in_whichever_order_they_are_completed(hub: Settings) -> None:
    for folder, order in (("a", (0, 1)), ("b", (1, 0))):
        jobs = [accepted(in_folder(folder + name, range(1, 301))) for name in ("older", "newer")]
        for number in order:
            staging.complete(jobs[number])
        assert stored_files() == {(run, 0): f"/{folder}newer/{run}.root" for run in range(1, 301)}


def test_the_command_that_registers_files_replaces_those_of_an_earlier_call(hub: Settings) -> None:
    older = accepted(in_folder("older", range(1, 301)))
    store_entries(in_folder("newer", range(1, 301)))
    staging.complete(older)
    assert set(stored_files().values()) == {f"/newer/{run}.root" for run in range(1, 301)}


@pytest.mark.both_databases
def test_a_process_that_lost_the_job_of_a_registration_stores_nothing_more(hub: Settings) -> None:
    lost = accepted(entries(300))
    BackgroundJob.update(owner="another process").execute()
    with pytest.raises(JobCancelled):
        staging.complete(lost)
    assert (Sample.select().count(), RegistrationEntry.select().count()) == (0, 300)
    staging.complete(BackgroundJob.get())
    assert (Sample.select().count(), RegistrationEntry.select().count()) == (300, 0)


@pytest.mark.both_databases
def test_entries_that_another_process_has_stored_are_neither_stored_nor_counted_again(hub: Settings) -> None:
    job = accepted(entries(300))
    registration = Registration.get()
    staged = [row.id for row in RegistrationEntry.select()]
    with proxy.atomic():
        assert staging._move(registration, staged[:100]) == 100
    with proxy.atomic():
        assert staging._move(registration, staged[:200]) == 100
    staging.complete(job)
    assert staging._counts(Registration.get()) == Registered(300, 0, 0)


def test_an_accepted_registration_cannot_be_cancelled_and_is_tried_until_it_is_whole(hub: Settings) -> None:
    job = accepted(entries(300))
    with pytest.raises(JobStateError, match="cannot be cancelled"):
        cancel(job.id)
    for number in range(ATTEMPTS + 2):
        BackgroundJob.update(state="queued", attempts=ATTEMPTS + number, lease_until=0.0).execute()
        sweep("bulk", LeaseWatch())  # as after the death of its process
        assert [row.state for row in BackgroundJob.select()] == ["queued"]
        assert last_failed(10) == [job]
        claimed = execution.claim(job.id)
        assert claimed
        execution.attempt(claimed, failing)
        assert [row.state for row in BackgroundJob.select()] == ["queued"]
    Registration.update(created=0.0).execute()
    assert staging.forget_registrations() == 0
    BackgroundJob.update(lease_until=0.0).execute()
    claimed = execution.claim(job.id)
    assert claimed
    execution.attempt(claimed, complete_registration)
    assert (Sample.select().count(), BackgroundJob.get().state, last_failed(10)) == (300, "done", [])


def failing(_: BackgroundJob) -> None:
    raise RuntimeError("as when the memory is full")


def test_a_call_that_takes_long_is_answered_with_its_job(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "ANSWER_S", 0.0)
    answer = staging.register_all(entries(1000))
    wait_for_jobs()
    assert answer in (Accepted(BackgroundJob.get().id), Registered(1000, 0, 0))
    assert (Sample.select().count(), BackgroundJob.get().state) == (1000, "done")


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


def test_a_call_is_accepted_if_the_disk_is_full_once_all_is_staged(small_hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fillings = []

    def attempt_on_full_disk(*arguments: Any) -> Thread:
        fillings.append(fill_hub(small_hub))
        return attempt_in_thread(*arguments)

    monkeypatch.setattr(staging, "attempt_in_thread", attempt_on_full_disk)
    monkeypatch.setattr(staging, "ANSWER_S", 1e6)  # it does not wait for the end of an outage
    assert staging.register_all(entries(10_000)) == Accepted(BackgroundJob.get().id)
    assert Registration.get().state == ACCEPTED
    fillings[0].unlink()
    wait_for_jobs()
    assert Sample.select().count() + RegistrationEntry.select().count() == 10_000


def test_a_call_that_cannot_stage_on_a_full_disk_registers_nothing_and_says_so(small_hub: Settings) -> None:
    filling = fill_hub(small_hub)
    os.truncate(filling, filling.stat().st_size - (1 << 20))
    with pytest.raises(OperationalError, match="full"):
        staging.register_all(entries(10_000))
    filling.unlink()
    assert (Sample.select().count(), BackgroundJob.select().count()) == (0, 0)
