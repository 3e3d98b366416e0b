"""What shifters do about alarms: acknowledge them, and mute a rule or one of its subjects for a time.

Views that call this need the role shifter. Each change is in the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from app.alarms.errors import InvalidAlarmRule, UnknownAlarm
from app.alarms.models import ACKNOWLEDGED, COUNTER, NEW, REMINDED, UNACKNOWLEDGED, AlarmMute, PlotAlarm
from app.alarms.store import MAX_ID, rule_of
from app.core.counters import advance
from app.core.database import proxy
from app.core.text import counted, one_line
from app.security.audit_log import audit

MAX_NOTE = 1000
LONGEST_MUTE_S = 7 * 86400.0
BATCH = 500
"""Alarms of one statement."""


def acknowledge(numbers: Collection[int], user: str, note: str = "") -> int:
    """Note that somebody takes care of alarms, so that nobody is reminded of them; returns how many were not acknowledged yet."""
    note, now = one_line(note)[:MAX_NOTE], time.time()
    taken: dict[str, Any] = {"state": ACKNOWLEDGED, "acknowledged": now, "acknowledged_by": user, "note": note}
    with proxy.atomic():
        taken["version"] = advance(COUNTER)
        done = _update(numbers, taken, PlotAlarm.state.in_(UNACKNOWLEDGED))
        if done:
            audit("acknowledge alarms", counted(done, "alarm"), note, ", ".join(map(str, sorted(numbers)[:20])), user=user)
    return done


def unacknowledge(numbers: Collection[int], user: str) -> int:
    """Take acknowledgements back; returns how many there were."""
    with proxy.atomic():
        left: dict[str, Any] = {"acknowledged": None, "acknowledged_by": "", "note": "", "version": advance(COUNTER)}
        is_acknowledged = PlotAlarm.state == ACKNOWLEDGED
        done = _update(numbers, left | {"state": REMINDED}, is_acknowledged, PlotAlarm.reminders > 0)
        done += _update(numbers, left | {"state": NEW}, is_acknowledged)
        if done:
            audit("unacknowledge alarms", counted(done, "alarm"), "", ", ".join(map(str, sorted(numbers)[:20])), user=user)
    return done


def _update(numbers: Collection[int], values: dict[str, Any], *where: Any) -> int:
    wanted = sorted({number for number in numbers if 0 < number <= MAX_ID})
    batches = (wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH))
    return sum(PlotAlarm.update(values).where(PlotAlarm.id.in_(batch), *where).execute() for batch in batches)


def mute(rule: int, subjects: Collection[str] | None, ends: float, reason: str, user: str) -> None:
    """Mute a rule (None), or of some of its subjects, until `ends`, Unix s UTC; judging goes on.

    What is still broken then is notified then, also if it was notified before. A mute that one of them has already is replaced: all of them end at `ends`.

    Raises:
        InvalidAlarmRule: The end is not ahead, or more than LONGEST_MUTE_S.
        UnknownAlarm: There is no such rule.
    """
    now, reason = time.time(), one_line(reason)
    wrong = []
    if not now < ends <= now + LONGEST_MUTE_S:
        wrong.append(("ends", f"expected a time ahead, at most {LONGEST_MUTE_S / 86400:.0f} days"))
    if not reason or len(reason) > MAX_NOTE:
        wrong.append(("reason", f"expected why it is muted, at most {MAX_NOTE:,} characters"))
    if wrong:
        raise InvalidAlarmRule(wrong)
    with proxy.atomic():
        advance(COUNTER)
        found = rule_of(rule)
        common = {"rule": rule, "begins": now, "ends": ends, "reason": reason, "user": user}
        rows = [common | {"subject": each} for each in ([None] if subjects is None else subjects)]
        for at in range(0, len(rows), BATCH):
            batch = rows[at : at + BATCH]
            same = AlarmMute.subject.is_null() if subjects is None else AlarmMute.subject.in_([row["subject"] for row in batch])
            AlarmMute.update(ends=now).where(AlarmMute.rule == rule, AlarmMute.ends > now, same).execute()
            AlarmMute.insert_many(batch).execute()
        what = f": {', '.join(sorted(subjects)[:20])}" if subjects else ""
        audit("mute alarms", f"alarm rule {rule}{what}", reason, found.name, user=user)


def end_mute(number: int, user: str) -> None:
    """End a mute now. Raises UnknownAlarm if there is none of this number, or it has ended."""
    now = time.time()
    with proxy.atomic():
        advance(COUNTER)
        ended = AlarmMute.update(ends=now).where(AlarmMute.id == min(number, MAX_ID), AlarmMute.ends > now).execute()
        if not ended:
            raise UnknownAlarm(f"There is no mute {number}; it may have ended")
        audit("end mute of alarms", f"mute {number}", user=user)
