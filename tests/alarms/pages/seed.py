"""Rules and alarms for tests of their pages."""

from __future__ import annotations

import json
import time
from typing import Any

from app.alarms.definition import AlarmRuleDefinition
from app.alarms.models import ACKNOWLEDGED, COUNTER, NEW, RECOVERED, REMINDED, AlarmMute, AlarmNotice, AlarmRule, PlotAlarm
from app.alarms.store import save_rule
from app.core.counters import advance
from app.core.database import proxy

HOSTILE = "<img src=x onerror=alert(1)>"
PLOT = "Pixel/Charge/charge_PXLayer_1"
ONLINE = "/Global/Online/ALL"


def rule(name: str = "Pixel errors", **fields: Any) -> AlarmRule:
    """A rule on the quality tests of a folder."""
    return save_rule(
        AlarmRuleDefinition(name, **{"subsystem": "Pixel", "condition": "quality", "place": "Pixel"} | fields), number=None, user="ann"
    )


def alarm(rule: AlarmRule, subject: str = PLOT, **fields: Any) -> PlotAlarm:
    """An alarm that was raised and notified just now."""
    now = time.time()
    usual = {"run": 0, "state": NEW, "detail": f"{HOSTILE}: error: too high", "begun": now, "raised": now, "judged": now}
    usual["told"] = fields.get("raised", now)
    with proxy.atomic():
        version = advance(COUNTER)
        row: PlotAlarm = PlotAlarm.create(rule=rule, subject=subject, version=version, **usual | fields)
    return row


def change(alarm: PlotAlarm, **fields: Any) -> None:
    """Change an alarm as a judgement does."""
    with proxy.atomic():
        PlotAlarm.update(version=advance(COUNTER), **fields).where(PlotAlarm.id == alarm.id).execute()


def notice(rule: AlarmRule, **fields: Any) -> AlarmNotice:
    """A notice about one plot of a rule."""
    subjects = [{"subject": PLOT, "detail": HOSTILE, "is_new": True}]
    usual = {"kind": "plot-alarm", "rule": rule.id, "rule_name": rule.name, "channels": "", "run": 367140, "dataset": rule.dataset}
    usual |= {"at": time.time(), "title": "There is one DQM alarm.", "text": PLOT, "subjects": json.dumps(subjects), "count": 3}
    row: AlarmNotice = AlarmNotice.create(**usual | fields)
    return row


def fill() -> None:
    """One rule with alarms in each state, a mute and a notice, for tests of all areas."""
    now = time.time()
    first = rule(HOSTILE)
    alarm(first, f"Pixel/{HOSTILE}")
    alarm(first, "Pixel/warning", is_error=False, reminders=2, reminded=now, state=REMINDED)
    alarm(first, "Pixel/known", state=ACKNOWLEDGED, acknowledged=now, acknowledged_by="ann", note=HOSTILE)
    alarm(first, "Pixel/muted")
    alarm(first, "Pixel/recovered", state=RECOVERED, recovered=now)
    AlarmMute.create(rule=first, subject="Pixel/muted", begins=now - 1, ends=now + 86400, reason=HOSTILE, user="ann")
    notice(first)
