"""Registering many files at once: all of them or none, although it takes many short transactions.

1. The entries are staged in `registration_entry`, where nothing reads them. Until all of them are there nothing has been
   registered, and a call that fails leaves nothing behind but staged rows, which a daily job deletes.
2. One transaction accepts the registration, and adds the background job that completes it.
3. The job moves the entries to their samples, some in each transaction, at once in the process of the call. If this
   process dies, or its disk is full, a consumer continues where it ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from app.core.database import proxy, rows
from app.core.short_writes import delete_rows, short_transactions
from app.gui.files.entries import Entry, is_live
from app.gui.files.register import (
    MAX_LIVE_FILES,
    MAX_WHOLE_RUN_FILES,
    Registered,
    hides_lumis,
    read_soon,
    register,
    register_batch,
    summary,
)
from app.gui.models import ACCEPTED, STORED, Registration, RegistrationEntry
from app.queue.execution import attempt
from app.queue.models import BackgroundJob
from app.queue.store import enqueue_claimed
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


def register_all(entries: Sequence[Entry]) -> Registered | None:
    """Register entries, all of them or (when this raises) none, and add them to the audit log.

    Returns None when they were accepted, but could not all be stored now: the background job `register` goes on.
    """
    if len(entries) <= MAX_DIRECT:
        with proxy.atomic():
            done = register(entries)
            audit("register", summary(entries), answer=str(done))
        return done
    registration = _stage(entries)
    with proxy.atomic():
        Registration.update(state=ACCEPTED).where(Registration.id == registration.id).execute()
        job = enqueue_claimed(REGISTER, str(registration.id))
    if job:
        attempt(job, complete)
    row = Registration.get_by_id(registration.id)
    return Registered(row.new, row.replaced, row.known) if row.state == STORED else None


def _stage(entries: Sequence[Entry]) -> Registration:
    read_live = _files_to_read({entry.url for entry in entries if is_live(entry.run, entry.dataset)}, MAX_LIVE_FILES)
    read_whole = _files_to_read({entry.url for entry in entries if hides_lumis(entry)}, MAX_WHOLE_RUN_FILES)
    files = json.dumps({"live": read_live, "bulk": read_whole})
    registration: Registration = Registration.create(user=acting_user(), summary=summary(entries), files=files, created=time.time())
    fields = [RegistrationEntry.registration, *(getattr(RegistrationEntry, name) for name in Entry._fields)]

    def store(some: Sequence[Entry]) -> None:
        RegistrationEntry.insert_many([(registration.id, *entry) for entry in some], fields=fields).execute()

    for _ in short_transactions(entries, store, MOST_STAGED):
        pass
    return registration


def _files_to_read(urls: set[str], limit: int) -> list[str]:
    return sorted(urls) if len(urls) <= limit else []


def complete(job: BackgroundJob) -> None:
    """Store the staged entries of an accepted registration. Running it again goes on where the last attempt ended."""
    registration = Registration.get_or_none(Registration.id == int(job.key), Registration.state == ACCEPTED)
    if registration is None:
        return
    columns = [RegistrationEntry.id, *(getattr(RegistrationEntry, name) for name in Entry._fields)]
    query = RegistrationEntry.select(*columns).where(RegistrationEntry.registration == registration.id)
    while found := rows(query.order_by(RegistrationEntry.id).limit(PORTION)):
        for _ in short_transactions(found, lambda some: _move(registration.id, some)):
            pass
    _finish(registration.id)


def _move(registration: int, staged: Sequence[tuple[Any, ...]]) -> None:
    """Register some staged entries, count them, and delete their rows; within a transaction."""
    done = register_batch([Entry(*fields) for _, *fields in staged])
    RegistrationEntry.delete().where(RegistrationEntry.id.in_([number for number, *_ in staged])).execute()
    counts = {name: getattr(Registration, name) + value for name, value in done._asdict().items()}
    Registration.update(counts).where(Registration.id == registration).execute()


def _finish(registration: int) -> None:
    with proxy.atomic():
        if Registration.update(state=STORED).where(Registration.id == registration, Registration.state == ACCEPTED).execute():
            row = Registration.get_by_id(registration)
            for queue, urls in json.loads(row.files).items():
                read_soon(set(urls), queue)
            audit("register", row.summary, answer=str(Registered(row.new, row.replaced, row.known)), user=row.user)


def forget_registrations() -> int:
    """Delete old registrations that are complete or were given up, with their staged entries; returns their number."""
    old = Registration.state != ACCEPTED, Registration.created < time.time() - KEEP_S
    for (registration,) in rows(Registration.select(Registration.id).where(*old)):
        delete_rows(RegistrationEntry, RegistrationEntry.registration == registration)
    return delete_rows(Registration, *old)
