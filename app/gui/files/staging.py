"""Registering many files at once: all of them or none, although it takes many short transactions.

1. The entries are staged in `registration_entry`, where nothing reads them. Until all of them are there nothing has been
   registered, and a call that fails leaves nothing behind but staged rows, which a daily job deletes.
2. One transaction accepts the registration, gives it its place in the order of calls, and adds the background job that
   completes it. The job cannot be cancelled, and is tried until it is done.
3. The job moves the entries to their samples, some in each transaction, at once in a thread of the process of the call. If
   this process dies, or its disk is full, a consumer continues from there. The samples appear one after another.

The order of acceptance decides which file a sample has: the transaction that stores a sample also deletes the entries that
earlier calls have staged for it and would store later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import NamedTuple

from peewee import fn

from app.core.database import proxy, rows
from app.core.outages import outages_logged, refuse_full_disk
from app.core.short_writes import delete_rows, short_transactions
from app.core.text import counted
from app.gui.files.entries import Entry, is_live
from app.gui.files.register import (
    MAX_LIVE_FILES,
    MAX_WHOLE_RUN_FILES,
    Registered,
    hides_lumis,
    in_order,
    read_soon,
    register,
    register_batch,
    replace_staged,
    summary,
)
from app.gui.models import ACCEPTED, STORED, Registration, RegistrationEntry
from app.queue.execution import report
from app.queue.models import BackgroundJob
from app.queue.store import attempt_in_thread, enqueue_claimed
from app.security.audit_log import acting_user, audit

REGISTER = "register"
"""Kind of the background job that completes a registration; its key is the id of the registration."""

MAX_DIRECT = 200
"""Entries that are registered in one transaction."""

MOST_STAGED = 5000
"""Entries that are staged in one transaction: one row each."""

KEEP_S = 86400.0
"""Registrations are deleted after this time, and so are staged entries of calls that failed."""

PORTION = 5000
"""Staged entries that are in memory at the same time."""

ANSWER_S = 20.0
"""Longest wait of a call for its files to be stored, s: proxies give up after a minute."""

POLL_S = 0.1
"""Time between two checks whether the disk has become full, s."""


class Accepted(NamedTuple):
    """A call that was accepted: a background job stores all of its files."""

    job: int


def register_all(entries: Sequence[Entry]) -> Registered | Accepted:
    """Register entries, all of them or (when this raises) none, and add them to the audit log."""
    if len(entries) <= MAX_DIRECT:
        with proxy.atomic():
            done = register(entries)
            audit("register", summary(entries), answer=str(done))
        return done
    registration = _stage(entries)
    job = _accept(registration)
    attempt, end = attempt_in_thread(job, complete), time.monotonic() + ANSWER_S
    with outages_logged("Files of accepted calls are stored later"):
        while attempt.is_alive() and time.monotonic() < end:
            refuse_full_disk()
            attempt.join(POLL_S)
        row = Registration.get_by_id(registration.id)
        if row.state == STORED:
            return _counts(row)
    return Accepted(job.id)


def _accept(registration: Registration) -> BackgroundJob:
    with proxy.atomic():
        in_order()
        last = Registration.select(fn.COALESCE(fn.MAX(Registration.place), 0)).scalar()
        Registration.update(state=ACCEPTED, place=last + 1).where(Registration.id == registration.id).execute()
        audit("register", registration.summary, answer="accepted")
        job = enqueue_claimed(REGISTER, str(registration.id), lasting=True)
        assert job  # only this transaction knows the registration
    return job


def _counts(row: Registration) -> Registered:
    """The counts of a registration that is stored. Samples to which a later call has given a file meanwhile stay as they are."""
    return Registered(row.new, row.replaced, row.count - row.new - row.replaced)


def _stage(entries: Sequence[Entry]) -> Registration:
    read_live = _files_to_read({entry.url for entry in entries if is_live(entry.run, entry.dataset)}, MAX_LIVE_FILES)
    read_whole = _files_to_read({entry.url for entry in entries if hides_lumis(entry)}, MAX_WHOLE_RUN_FILES)
    files = json.dumps({"live": read_live, "bulk": read_whole})
    of_call = {"user": acting_user(), "summary": summary(entries), "count": len(entries)}
    registration: Registration = Registration.create(**of_call, files=files, created=time.time())
    fields = [RegistrationEntry.registration, *(getattr(RegistrationEntry, name) for name in Entry._fields)]

    def store(some: Sequence[Entry]) -> None:
        RegistrationEntry.insert_many([(registration.id, *entry) for entry in some], fields=fields).execute()

    for _ in short_transactions(entries, store, MOST_STAGED):
        pass
    return registration


def _files_to_read(urls: set[str], limit: int) -> list[str]:
    return sorted(urls) if len(urls) <= limit else []


def complete(job: BackgroundJob) -> None:
    """Store the staged entries of an accepted registration. Another run continues where the last one ended.

    Raises JobCancelled, without storing anything more, when another process has taken over the job.
    """
    registration = Registration.get_or_none(Registration.id == int(job.key), Registration.state == ACCEPTED)
    if registration is None:
        return
    of_call = RegistrationEntry.registration == registration.id
    left = RegistrationEntry.select().where(of_call).count()
    key = RegistrationEntry.dataset, RegistrationEntry.run, RegistrationEntry.lumi  # of samples that are close in the database

    def move(some: Sequence[int]) -> int:
        done = registration.count - left
        report(job, done / registration.count, f"{done:,} of {counted(registration.count, 'file')}")
        return _move(registration, some)

    while found := [
        number for (number,) in rows(RegistrationEntry.select(RegistrationEntry.id).where(of_call).order_by(*key).limit(PORTION))
    ]:
        for moved in short_transactions(found, move):
            left -= moved
    _finish(registration.id)


def _move(registration: Registration, staged: Sequence[int]) -> int:
    """Register the staged entries among these that still exist, within a transaction; returns their number."""
    in_order()
    columns = [getattr(RegistrationEntry, name) for name in Entry._fields]
    there = RegistrationEntry.delete().where(RegistrationEntry.id.in_(list(staged))).returning(*columns)
    entries = [Entry(*fields) for fields in there.tuples().execute()]
    replace_staged(entries, Registration.place < registration.place)
    done = register_batch(entries)
    counts = {"new": Registration.new + done.new, "replaced": Registration.replaced + done.replaced}
    Registration.update(counts).where(Registration.id == registration.id).execute()
    return len(entries)


def _finish(registration: int) -> None:
    with proxy.atomic():
        if Registration.update(state=STORED).where(Registration.id == registration, Registration.state == ACCEPTED).execute():
            row = Registration.get_by_id(registration)
            for queue, urls in json.loads(row.files).items():
                read_soon(set(urls), queue)
            audit("register", row.summary, answer=str(_counts(row)), user=row.user)


def forget_registrations() -> int:
    """Delete old registrations that are complete or were never accepted, with their staged entries; returns their number."""
    old = Registration.state != ACCEPTED, Registration.created < time.time() - KEEP_S
    for (registration,) in rows(Registration.select(Registration.id).where(*old)):
        delete_rows(RegistrationEntry, RegistrationEntry.registration == registration)
    return delete_rows(Registration, *old)
