"""Alarm rules as rows: adding, changing and deleting them. Each change is in the audit log.

Within requests the role expert for the subsystem of a rule is needed, as it was and as it becomes.
"""

from __future__ import annotations

import json
import time
from typing import Any

from peewee import IntegrityError

from app.alarms.definition import AlarmRuleDefinition, checked
from app.alarms.errors import InvalidAlarmRule, RuleIsOn, UnknownAlarm
from app.alarms.models import COUNTER, OPEN, PENDING, RECOVERED, AlarmRule, PlotAlarm, SeenPlots
from app.core.counters import advance
from app.core.database import proxy
from app.security.audit_log import audit
from app.security.subsystems import check_may_edit

MAX_ID = 2**31 - 1

NOT_JUDGED: dict[str, Any] = {"more": 0, "more_errors": 0, "told_more": 0, "told_more_at": None, "judged_problem": "", "problem": ""}
"""Columns of a rule that nobody has judged as it is now."""


def all_rules() -> list[AlarmRule]:
    """The rules, by subsystem and name."""
    return list(AlarmRule.select().order_by(AlarmRule.subsystem, AlarmRule.name))


def rule_of(number: int) -> AlarmRule:
    """The rule with this number. Raises UnknownAlarm."""
    rule: AlarmRule | None = AlarmRule.get_or_none(AlarmRule.id == number) if number <= MAX_ID else None
    if rule is None:
        raise UnknownAlarm(f"There is no alarm rule {number}; it may have been deleted")
    return rule


def definition_of(rule: AlarmRule) -> AlarmRuleDefinition:
    """What experts chose in a rule."""
    fields = {name: getattr(rule, name) for name in AlarmRuleDefinition._fields}
    return AlarmRuleDefinition(**fields | {"limits": json.loads(rule.limits), "channels": tuple(rule.channels.split())})


def save_rule(definition: AlarmRuleDefinition, *, number: int | None, user: str) -> AlarmRule:
    """Store a new rule, or another definition of rule `number`; it is judged again at the next step.

    Alarms of it that the new definition does not raise recover. Those of a rule that is switched off end without a notification.

    Raises:
        InvalidAlarmRule: With each field and its problem.
        UnknownAlarm: The rule was deleted meanwhile.
    """
    definition = checked(definition)
    check_may_edit(definition.subsystem)
    values = definition._asdict() | {"limits": json.dumps(definition.limits, sort_keys=True), "channels": " ".join(definition.channels)}
    values |= {"user": user, "changed": time.time(), "seen": ""} | NOT_JUDGED
    try:
        with proxy.atomic():
            version = advance(COUNTER)  # first, as everywhere: a judgement of this rule ends before, or starts after
            return _insert(values, user) if number is None else _update(rule_of(number), values, version)
    except IntegrityError:
        raise InvalidAlarmRule([("name", f"there is another rule with the name {definition.name}")]) from None


def _insert(values: dict[str, Any], user: str) -> AlarmRule:
    rule: AlarmRule = AlarmRule.create(**values)
    audit("add alarm rule", f"alarm rule {rule.id}", "", rule.name, user=user)
    return rule


def _update(rule: AlarmRule, values: dict[str, Any], version: int) -> AlarmRule:
    check_may_edit(rule.subsystem)
    AlarmRule.update(values).where(AlarmRule.id == rule.id).execute()
    SeenPlots.delete().where(SeenPlots.rule == rule.id).execute()
    if not values["enabled"]:
        end_alarms(rule.id, "its rule was switched off", version)
    audit("change alarm rule", f"alarm rule {rule.id}", "", values["name"], user=values["user"])
    return rule_of(rule.id)


def delete_rule(number: int, user: str) -> None:
    """Delete a rule that is switched off with its alarms and mutes; its notices stay. Raises UnknownAlarm and RuleIsOn."""
    with proxy.atomic():
        advance(COUNTER)
        rule = rule_of(number)
        check_may_edit(rule.subsystem)
        if rule.enabled:
            raise RuleIsOn(f"The rule {rule.name} is switched on: switch it off before you delete it, since its alarms are lost then")
        rule.delete_instance()
        audit("delete alarm rule", f"alarm rule {number}", "", rule.name, user=user)


def end_alarms(rule: int, reason: str, version: int) -> None:
    """End the alarms of a rule, without a notice. Must run in a transaction that has advanced COUNTER to `version`."""
    PlotAlarm.delete().where(PlotAlarm.rule == rule, PlotAlarm.state == PENDING).execute()
    ended = {"state": RECOVERED, "detail": reason, "recovered": time.time(), "told": None, "streak": 0, "version": version}
    PlotAlarm.update(ended).where(PlotAlarm.rule == rule, PlotAlarm.state.in_(OPEN)).execute()
