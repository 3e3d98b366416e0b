"""Audit rows of frequent actions, such as refused requests: one row per hour and sender, with a count."""

from __future__ import annotations

import time
from collections import defaultdict
from threading import Lock

from flask import request
from peewee import IntegrityError, fn

from app.core.database import proxy
from app.security.audit_log import acting_user
from app.security.models import Audit, AuditCount
from app.security.optional_write import optional_write
from app.security.throttle import wide_network_of

WINDOW_S = 3600
SENDERS = 1000
"""So many senders have a row of one action in an hour. Then as many networks have one, each for its further senders: who has many
addresses hides nobody else. All others share one row; further downloads of a user share one row of the user."""

OTHERS = "others"

EXACT = 100
"""Up to this count per hour a process stores each one at once; then it stores a hundred at a time, so that a flood writes little."""


WAIT_S = 1.0
"""A request waits at most this long for its row while others write the database, and not at all once that takes long."""


class _Gathered:
    """What this process counted in the current hour, by key."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.window = 0
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.left_out: defaultdict[str, int] = defaultdict(int)

    def add(self, window: int, key: str) -> int:
        """Count one; returns how many must be stored now, which may be none."""
        with self.lock:
            if window != self.window or len(self.counts) > 10 * SENDERS:
                self.window = window
                self.counts.clear()
                self.left_out.clear()
            self.counts[key] += 1
            count = self.counts[key]
            number = 1 if count <= EXACT else EXACT if count % EXACT == 0 else 0
            return number + self.left_out.pop(key, 0) if number else 0

    def leave_out(self, window: int, key: str, number: int) -> None:
        """Note that this many were not stored: the next one of the same key stores them, too."""
        with self.lock:
            if window == self.window:
                self.left_out[key] += number


_gathered = _Gathered()


def audit_often(action: str, target: str, address: str, answer: str, *, sender: str, beyond: str = OTHERS, user: str = "") -> None:
    """Add a row to the audit log, or to the count of the row that the same sender has of the same action in this hour.

    Where the database cannot be written now, the row is left out, and counted with the next one of the sender.

    Args:
        action: e.g. "refused request".
        target: what the first one was applied to; the others are only counted.
        address: from where it came, "" if unknown.
        answer: outcome of the first one.
        sender: who or what is counted together, such as an address.
        beyond: with whom it is counted if there are too many senders.
        user: who acted; by default the user of the current request.
    """
    window, key = int(time.time() // WINDOW_S), f"{action} {sender}"
    number = _gathered.add(window, key)
    if not number:
        return
    with optional_write(f"The audit log has no row of a {action}", wait_s=WAIT_S):
        row = {"user": user or acting_user(), "target": target, "reason": f"from {address}" if address else "", "answer": answer}
        network = wide_network_of(address) if beyond == OTHERS else ""
        _store(window, action, (sender, network, beyond), number, row)
        return
    _gathered.leave_out(window, key, number)


def audit_download(what: str, target: str) -> None:
    """Add a row about a download that begins, e.g. of a "file"; further requests of the same user for it in this hour are counted."""
    user = acting_user()
    audit_often(f"download {what}", target, request.remote_addr or "", "begun", sender=f"{user}: {target}", beyond=f"{user}: others")


def _store(window: int, action: str, senders: tuple[str, str, str], number: int, row: dict[str, str]) -> None:
    """Add to the count of the sender, or make its row; if there are too many, use that of its network, then that of all others."""
    sender, network, beyond = senders
    if _count(window, action, sender, number):
        return
    rows = AuditCount.select(fn.COUNT(AuditCount.row)).where((AuditCount.window == window) & (AuditCount.action == action)).scalar()
    if rows < SENDERS:
        _add(window, action, sender, number, row)
    elif network and _count(window, action, network, number):
        return
    elif network and rows < 2 * SENDERS:
        _add(window, action, network, number, {**row, "reason": f"{row['reason']} and others in {network}"})
    elif not _count(window, action, beyond, number):
        _add(window, action, beyond, number, {**row, "target": "(many)", "reason": "", "user": OTHERS if beyond == OTHERS else row["user"]})


def _count(window: int, action: str, sender: str, number: int) -> bool:
    own = (AuditCount.window == window) & (AuditCount.action == action) & (AuditCount.sender == sender)
    return bool(AuditCount.update(count=AuditCount.count + number, last=time.time()).where(own).execute())


def _add(window: int, action: str, sender: str, number: int, row: dict[str, str]) -> None:
    now = time.time()
    try:
        with proxy.atomic():
            made: Audit = Audit.create(at=now, action=action, **row)
            AuditCount.create(row=made.id, window=window, action=action, sender=sender, count=number, last=now)
    except IntegrityError:  # another process has just made it
        _count(window, action, sender, number)


def counts_of(rows: list[Audit]) -> dict[int, AuditCount]:
    """The counts of these rows of the audit log, by row; a row that stands for one alone may have none."""
    query = AuditCount.select().where(AuditCount.row.in_([row.id for row in rows]), AuditCount.count > 1)
    return {count.row: count for count in query}
