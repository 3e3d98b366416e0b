"""The periodic evaluation of rules: those whose points or definitions have changed, one after the other.

The result of a rule, its violations and the number up to which changes are known are stored in one transaction. Whoever is killed
before has stored nothing, and the rule is evaluated again; afterwards the violation is a row, which notifications find by
themselves (see app.trends.rules.event_source): each once, whatever happens between storing and telling.
"""

from __future__ import annotations

import logging
import time

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.core.text import one_line
from app.trends.query.changes import change_number
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.evaluation import SeriesState, evaluate, problem_of
from app.trends.rules.models import COUNTER, TrendRule, TrendViolation
from app.trends.rules.store import close_violations, definition_of

log = logging.getLogger(__name__)


def evaluate_if_changed(rule: TrendRule, settings: Settings) -> bool:
    """Evaluate a rule if its points, the facts of runs or itself have changed; whether it was. No rule stops another one."""
    definition = definition_of(rule)
    number = change_number([definition.selection])  # before reading: what changes meanwhile is seen next time
    if rule.seen == number:
        return False
    try:
        states = evaluate(definition, settings)
        problem = problem_of(definition, states)
    except Exception as error:  # of this rule alone, such as reference runs that are not here any more
        _store_problem(rule, f"Cannot be evaluated: {one_line(str(error)) or type(error).__name__}")
        return False
    with proxy.atomic():
        advance(COUNTER)
        same = TrendRule.id == rule.id, TrendRule.version == rule.version, TrendRule.enabled
        values = {"seen": number, "evaluated": time.time(), "series": len(states), "problem": problem}
        if not TrendRule.update(**values).where(*same).execute():
            return False  # somebody has changed the rule meanwhile
        _store(rule, definition, states)
    return True


def _store_problem(rule: TrendRule, problem: str) -> None:
    if problem != rule.problem:
        log.warning("Trend rule %s: %s", rule.id, problem)
        TrendRule.update(problem=problem).where(TrendRule.id == rule.id, TrendRule.version == rule.version).execute()


def _store(rule: TrendRule, definition: RuleDefinition, states: list[SeriesState]) -> None:
    """Begin and end violations. Must run in a transaction that other evaluations wait for."""
    ongoing = TrendViolation.select().where(TrendViolation.rule == rule.id, TrendViolation.ended.is_null())
    violations = {violation.series: violation for violation in ongoing}
    for state in states:
        violation = violations.pop(str(state.key), None)
        if state.problem:
            continue  # it is not known whether it is inside
        if violation and state.outside < definition.in_a_row:
            _end(violation, state)
        elif not violation and state.outside >= definition.in_a_row:
            _begin(rule, definition, state)
    if violations:
        close_violations(rule, "its rule does not watch it any more", TrendViolation.series.in_(list(violations)))


def _begin(rule: TrendRule, definition: RuleDefinition, state: SeriesState) -> None:
    key = state.key
    TrendViolation.create(
        rule=rule.id,
        series=str(key),
        first_run=state.first_run,
        last_run=state.last_run,
        shown_run=state.shown_run,
        begun=time.time(),
        title=f"{key.name} is outside its band since run {state.first_run}",
        text=f"{key.subsystem} {key.primary_dataset} {key.processing}: {state.outside:,} runs in a row, {state.value_words} "
        f"in run {state.last_run}; the band is {state.band_words} of runs {definition.reference_words}"
        + (f". {one_line(definition.note)}" if definition.note else ""),
        query=f"band={definition.reference}&sigma={definition.sigmas:g}" + ("&robust=1" if definition.is_robust else ""),
    )


def _end(violation: TrendViolation, state: SeriesState) -> None:
    text = f"{state.value_words} in run {state.last_run}; the band is {state.band_words}"
    values = {"ended": time.time(), "end_run": state.last_run, "end_text": text}
    TrendViolation.update(**values).where(TrendViolation.id == violation.id).execute()
