"""Rules as rows: adding, changing, switching off, deleting. Each change is in the audit log."""

from __future__ import annotations

import time
from typing import Any

from app.core.counters import advance
from app.core.database import proxy, rows
from app.security.audit_log import audit
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.errors import RuleConflict, UnknownRule
from app.trends.rules.models import COUNTER, TrendRule, TrendViolation

MAX_ID = 2**31 - 1


def all_rules() -> list[TrendRule]:
    """The rules, by subsystem and name."""
    order = (TrendRule.subsystem, TrendRule.primary_dataset, TrendRule.processing, TrendRule.names, TrendRule.id)
    return list(TrendRule.select().where(~TrendRule.deleted).order_by(*order))


def rule_of(number: int) -> TrendRule:
    """The rule with this number. Raises UnknownRule."""
    rule: TrendRule | None = TrendRule.get_or_none((TrendRule.id == number) & ~TrendRule.deleted) if number <= MAX_ID else None
    if rule is None:
        raise UnknownRule(f"There is no rule {number}; it may have been deleted")
    return rule


def definition_of(rule: TrendRule) -> RuleDefinition:
    """What experts chose in a rule."""
    return RuleDefinition(**{name: getattr(rule, name) for name in RuleDefinition._fields})


def used_golden() -> set[str]:
    """Hashes, or their beginnings, of the golden JSON files that rules which are switched on have as reference runs."""
    named = TrendRule.select(TrendRule.reference).where(TrendRule.enabled, ~TrendRule.deleted, TrendRule.reference.startswith("golden:"))
    return {reference.removeprefix("golden:") for (reference,) in rows(named)}


def add_rule(definition: RuleDefinition, user: str) -> TrendRule:
    """Store a new rule, which is evaluated at the next step."""
    with proxy.atomic():
        advance(COUNTER)
        rule: TrendRule = TrendRule.create(**definition._asdict(), enabled=True, user=user, changed=time.time(), version=1)
        audit("add trend rule", f"rule {rule.id}", definition.note, definition.label)
    return rule


def change_rule(rule: TrendRule, definition: RuleDefinition, version: int, user: str) -> None:
    """Store another definition; what it violates is looked at again. Raises RuleConflict if the rule is not at this version any more.

    A violation that goes on under the new definition stays the same one.
    """
    _update(rule, version, user, **definition._asdict(), action="change trend rule", label=definition.label)


def switch_rule(rule: TrendRule, enabled: bool, user: str) -> None:
    """Switch a rule on or off; its open violations end with it, without a notification."""
    action = "switch on trend rule" if enabled else "switch off trend rule"
    _update(rule, None, user, enabled=enabled, action=action, label=definition_of(rule).label)


def delete_rule(rule: TrendRule, user: str) -> None:
    """Delete a rule; its violations stay in the list of notifications."""
    _update(rule, None, user, enabled=False, deleted=True, action="delete trend rule", label=definition_of(rule).label)


def _update(rule: TrendRule, version: int | None, user: str, *, action: str, label: str, **changes: Any) -> None:
    with proxy.atomic():
        advance(COUNTER)  # first, as everywhere: an evaluation of this rule ends before, or starts after
        same = [TrendRule.id == rule.id, ~TrendRule.deleted] + ([] if version is None else [TrendRule.version == version])
        values = {**changes, "user": user, "changed": time.time(), "version": TrendRule.version + 1, "seen": None, "problem": ""}
        if not TrendRule.update(**values).where(*same).execute():
            raise RuleConflict("Somebody has changed or deleted this rule since you opened it; open it again")
        if changes.get("enabled") is False:
            close_violations(rule, "its rule was deleted" if changes.get("deleted") else "its rule was switched off")
        audit(action, f"rule {rule.id}", "", label)


def close_violations(rule: TrendRule, reason: str, *conditions: Any) -> None:
    """End open violations of a rule that nobody is notified about. Must run in a transaction."""
    closed = TrendViolation.update(ended=time.time(), end_text=reason)
    closed.where(TrendViolation.rule == rule.id, TrendViolation.ended.is_null(), *conditions).execute()


def open_violations() -> dict[int, list[TrendViolation]]:
    """The violations that go on, by the number of their rule."""
    found: dict[int, list[TrendViolation]] = {}
    for violation in TrendViolation.select().where(TrendViolation.ended.is_null()).order_by(TrendViolation.series):
        found.setdefault(violation.__data__["rule"], []).append(violation)
    return found
