"""Maintenance windows: announced and ended by operators."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.counters import advance
from app.core.database import proxy
from app.core.event_sources import event_sources, event_systems
from app.core.settings import Settings
from app.core.zones import CERN
from app.notify.errors import InvalidWindow, OutdatedRequest
from app.notify.models import COUNTER, MaintenanceWindow
from app.notify.quiet_hours import moments
from app.security.audit_log import audit

MAX_REASON = 1000
MAX_DAYS = 31
MAX_AHEAD_DAYS = 366
DEFAULT_HOURS = 2

FORM_TIME = "%Y-%m-%dT%H:%M"
"""A moment as the field of a form has it, Swiss time."""


class WindowForm(NamedTuple):
    """The fields of a form, unchecked."""

    system: str
    hosts: Sequence[str]
    begins: str
    ends: str
    reason: str


def known_hosts(settings: Settings) -> list[str]:
    """The hosts of all event sources."""
    return sorted({host for source in event_sources() for host in source.hosts(settings)})


def default_times(now: float) -> Mapping[str, str]:
    """Values for the fields of a new form."""
    begin = datetime.fromtimestamp(now, CERN)
    return {"begins": begin.strftime(FORM_TIME), "ends": (begin + timedelta(hours=DEFAULT_HOURS)).strftime(FORM_TIME)}


def announce(form: WindowForm, hosts: Collection[str], user: str) -> None:
    """Store a window. hosts: those that may be chosen. Raises InvalidWindow."""
    begins, ends = parse_time(form.begins, 0), parse_time(form.ends, 1)
    reason = form.reason.strip()[:MAX_REASON]
    if problems := [*_wrong_texts(form, hosts, reason), *_wrong_times(begins, ends)]:
        raise InvalidWindow(problems)
    with proxy.atomic():
        advance(COUNTER)
        window = MaintenanceWindow.create(
            system=form.system, hosts=" ".join(form.hosts), begins=begins, ends=ends, reason=reason, user=user
        )
        audit("announce maintenance", _target(window), window.reason)


def end_window(number: int) -> None:
    """End a window now, or cancel it before it begins. Raises OutdatedRequest."""
    now = time.time()
    with proxy.atomic():
        advance(COUNTER)
        ours = MaintenanceWindow.id == number, MaintenanceWindow.ends > now
        if not MaintenanceWindow.update(ends=now).where(*ours).execute():
            raise OutdatedRequest("This maintenance window is over, or was removed")
        audit("end maintenance", _target(MaintenanceWindow.get_by_id(number)))


def parse_time(text: str, which: int) -> float | None:
    """A moment of the Swiss clock, Unix s UTC: the first one or, with 1, the last one at which it shows this time. None when invalid."""
    try:
        return moments(datetime.strptime(text, FORM_TIME))[which]
    except (ValueError, OverflowError):
        return None


def _wrong_texts(form: WindowForm, hosts: Collection[str], reason: str) -> list[tuple[str, str]]:
    wrong = []
    if form.system not in event_systems():
        wrong.append(("system", "one of " + ", ".join(event_systems())))
    if unknown := set(form.hosts) - set(hosts):
        wrong.append(("host", f"{min(unknown)} is unknown"))
    if not reason:
        wrong.append(("reason", "a reason is required"))
    return wrong


def _wrong_times(begins: float | None, ends: float | None) -> list[tuple[str, str]]:
    now = time.time()
    wrong = [(name, "a time such as 2026-10-25T14:30, Swiss time") for name, at in (("begins", begins), ("ends", ends)) if at is None]
    if begins is not None and begins > now + MAX_AHEAD_DAYS * 86400:
        wrong.append(("begins", "within a year from now"))
    if begins is not None and ends is not None and not max(begins, now) < ends <= begins + MAX_DAYS * 86400:
        wrong.append(("ends", f"after its beginning and after now, at most {MAX_DAYS} days long"))
    return wrong


def _target(window: MaintenanceWindow) -> str:
    first, last = (datetime.fromtimestamp(at, CERN).strftime("%Y-%m-%d %H:%M") for at in (window.begins, window.ends))
    return f"{window.system} {window.hosts or 'all hosts'}, {first} to {last}"
