"""What people add to runs and jobs: acknowledged crashes, pinned and hidden runs. Each change has an entry in the audit log."""

from __future__ import annotations

import time

from app.core.counters import advance
from app.core.database import proxy
from app.security.audit_log import audit
from app.square import runs
from app.square.clients import group_clients
from app.square.errors import AcknowledgementRefused, ReasonMissing
from app.square.models import Acknowledgement, HiddenRun, Job, Pin, Run
from app.square.states import CRASHED, JOB_BADGES, STUCK

MAX_NOTE_CHARS = 1000


def clean_note(text: str) -> str:
    """A note or reason as it is stored."""
    return text.replace("\0", "").strip()[:MAX_NOTE_CHARS]


def acknowledge(job: Job, state: str, user: str, note: str) -> None:
    """Store that a user has acknowledged that a job crashed or is stuck. Raises AcknowledgementRefused."""
    if state not in (CRASHED, STUCK):
        raise AcknowledgementRefused(f"This job is {JOB_BADGES[state].text}: there is nothing to acknowledge")
    with proxy.atomic():
        version = advance(job.system)
        if earlier := group_clients(job.system, [job])[0].newest.acknowledgement:
            raise AcknowledgementRefused(f"{earlier.user} has acknowledged it before: {earlier.note or '(without a note)'}")
        values = {"user": user, "at": time.time(), "note": note, "version": version}
        update = {**values, "revision": Acknowledgement.revision + 1}
        insert = Acknowledgement.insert({"system": job.system, "key": job.key, **values})
        insert.on_conflict(conflict_target=[Acknowledgement.system, Acknowledgement.key], update=update).execute()
        Job.update(version=version).where(Job.id == job.id).execute()
        Run.update(version=version).where(Run.system == job.system, Run.run == job.run).execute()
        audit("acknowledge", f"{job.system} {job.key}", note, state)


def pin_of(system: str, run: int) -> Pin | None:
    """The pin of a run; None if its documents are deleted by age."""
    found: Pin | None = Pin.get_or_none(Pin.system == system, Pin.run == run)
    return found


def pin_run(system: str, run: int, user: str, reason: str) -> None:
    """Pin a run. A run that is already pinned keeps its reason. Raises UnknownRun."""
    runs.get_run(system, run)
    with proxy.atomic():
        row = {"system": system, "run": run, "user": user, "at": time.time(), "reason": reason}
        Pin.insert(row).on_conflict_ignore().execute()
        audit("pin run", f"{system} run {run}", reason)


def unpin_run(system: str, run: int) -> None:
    """Unpin a run: the next clean-up deletes what is older than the settings allow."""
    with proxy.atomic():
        Pin.delete().where(Pin.system == system, Pin.run == run).execute()
        audit("unpin run", f"{system} run {run}")


def hidden_run(system: str, run: int) -> HiddenRun | None:
    """Who has hidden a run; None if nobody has."""
    found: HiddenRun | None = HiddenRun.get_or_none(HiddenRun.system == system, HiddenRun.run == run)
    return found


def hide_run(system: str, run: int, user: str, reason: str) -> None:
    """Take a run from all lists and from the mirrors; its data stay. Raises UnknownRun or ReasonMissing."""
    runs.get_run(system, run)
    if not reason:
        raise ReasonMissing("A run is hidden with a reason, which others can read")
    with proxy.atomic():
        version = advance(system)
        row = {"system": system, "run": run, "user": user, "at": time.time(), "reason": reason}
        HiddenRun.insert(row).on_conflict_ignore().execute()
        Run.update(version=version).where(Run.system == system, Run.run == run).execute()
        audit("hide run", f"{system} run {run}", reason)


def show_run(system: str, run: int) -> None:
    """Put a hidden run back on the lists and mirrors."""
    with proxy.atomic():
        version = advance(system)
        HiddenRun.delete().where(HiddenRun.system == system, HiddenRun.run == run).execute()
        Run.update(version=version).where(Run.system == system, Run.run == run).execute()
        audit("show run", f"{system} run {run}")
