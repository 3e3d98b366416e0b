"""State of the rules for the status page and /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.queue.periodic import PeriodicTaskState
from app.trends.rules.models import TrendRule, TrendViolation
from app.trends.rules.task import TASK

if TYPE_CHECKING:
    from prometheus_client import Metric


def rule_counts() -> dict[str, int]:
    """Rules by state: off, new (not evaluated yet), problem, violated, ok."""
    query = TrendRule.select(TrendRule.id, TrendRule.enabled, TrendRule.evaluated, TrendRule.problem).where(~TrendRule.deleted)
    violated = {rule for (rule,) in rows(TrendViolation.select(TrendViolation.rule).where(TrendViolation.ended.is_null()))}
    counts = dict.fromkeys(("ok", "violated", "problem", "new", "off"), 0)
    for rule, enabled, evaluated, problem in rows(query):
        counts[state_of(bool(enabled), evaluated, problem, rule in violated)] += 1
    return counts


def state_of(enabled: bool, evaluated: float | None, problem: str, is_violated: bool) -> str:
    """The state of a rule."""
    if not enabled:
        return "off"
    if is_violated:
        return "violated"
    return "problem" if problem else "new" if evaluated is None else "ok"


def last_step() -> float | None:
    """When the periodic task looked at the rules last, Unix s UTC."""
    found = rows(PeriodicTaskState.select(PeriodicTaskState.last_ok).where(PeriodicTaskState.name == TASK))
    return found[0][0] if found else None


def rule_lines() -> Iterator[StatusLine]:
    """The line of rules; none without rules."""
    counts = rule_counts()
    total = sum(counts.values())
    if not total:
        return
    watching = counts["ok"] + counts["violated"]
    parts = [f"{watching:,} of {total:,} rules evaluated", f"{counts['violated']:,} violated"]
    parts += [f"{counts[name]:,} {text}" for name, text in (("problem", "with problems"), ("off", "off")) if counts[name]]
    last = last_step()
    problems = rows(TrendRule.select(TrendRule.problem).where(TrendRule.problem != "", TrendRule.enabled).limit(1))
    age = None if last is None else max(0.0, time.time() - last)
    yield StatusLine("trend rules", "warn" if problems else "ok", ", ".join(parts), age, problems[0][0] if problems else "")


def rule_metrics() -> Iterator[Metric]:
    """Rules by state, and how long ago they were looked at."""
    counts = rule_counts()
    yield gauge("dqmhub_trend_rules", "Rules about trends by state", [({"state": name}, count) for name, count in counts.items()])
    if (last := last_step()) is not None:
        yield gauge("dqmhub_trend_rules_age_seconds", "Time since rules about trends were evaluated", [({}, max(0.0, time.time() - last))])
