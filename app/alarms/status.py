"""State of the alarm rules for the status page and /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peewee import fn

from app.alarms.models import AlarmRule, PlotAlarm
from app.alarms.reading import unacknowledged_count
from app.alarms.subscriptions import channel_problem, subscribed_channels
from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.text import counted
from app.queue.periodic import PeriodicTaskState

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings

TASK = "alarm rules"
"""Name of the periodic task."""

LATE_S = 60.0
"""Age of the last look for new data that needs a reason."""

NAMED = 3
"""Rules whose problems are named."""


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """The line of alarm rules; none without rules."""
    enabled, total = _rule_counts()
    if not total:
        return
    problems = _problems(settings)
    count, age = unacknowledged_count().count, _age()
    parts = [f"{counted(enabled, 'rule')} on", f"{count:,} unacknowledged {'alarm' if count == 1 else 'alarms'}"]
    parts += [f"{total - enabled:,} off"] if total > enabled else []
    parts += [f"{len(problems):,} with problems"] if problems else []
    is_late = enabled and (age is None or age > LATE_S)
    detail = "; ".join(f"{name}: {problem}" for name, problem in problems[:NAMED])
    detail += f"; and {len(problems) - NAMED:,} more" if len(problems) > NAMED else ""
    yield StatusLine(TASK, "warn" if problems or is_late else "ok", ", ".join(parts), age, detail)


def _problems(settings: Settings) -> list[tuple[str, str]]:
    """Names of rules and what is wrong with them: with what they watch, and with their channels."""
    subscribed = subscribed_channels(settings)
    rules = AlarmRule.select().where(AlarmRule.enabled, (AlarmRule.problem != "") | (AlarmRule.channels != "")).order_by(AlarmRule.name)
    found = ((rule.name, "; ".join(filter(None, (rule.problem, channel_problem(rule, subscribed))))) for rule in rules)
    return [(name, problem) for name, problem in found if problem]


def metrics() -> Iterator[Metric]:
    """Alarms by state, rules with problems, and how long ago new data were looked for."""
    states = rows(PlotAlarm.select(PlotAlarm.state, fn.COUNT(PlotAlarm.id)).group_by(PlotAlarm.state).order_by(PlotAlarm.state))
    yield gauge("dqmhub_alarms", "Alarms on plots by state", [({"state": state}, count) for state, count in states])
    count = unacknowledged_count()
    unacknowledged = [({"severity": "error"}, count.errors), ({"severity": "warning"}, count.count - count.errors)]
    yield gauge("dqmhub_alarms_unacknowledged", "Alarms on plots that nobody has acknowledged or muted", unacknowledged)
    problems = AlarmRule.select().where(AlarmRule.enabled, AlarmRule.problem != "").count()
    yield gauge("dqmhub_alarm_rule_problems", "Alarm rules that could not be judged, or watch less than they should", [({}, problems)])
    age = _age()
    yield gauge("dqmhub_alarm_rules_age_seconds", "Time since new data were looked for", [] if age is None else [({}, age)])


def _rule_counts() -> tuple[int, int]:
    """Rules that are switched on, and all."""
    return AlarmRule.select().where(AlarmRule.enabled).count(), AlarmRule.select().count()


def _age() -> float | None:
    """Time since the periodic task looked at the rules last, s."""
    found = rows(PeriodicTaskState.select(PeriodicTaskState.last_ok).where(PeriodicTaskState.name == TASK))
    return None if not found or found[0][0] is None else max(0.0, time.time() - found[0][0])
