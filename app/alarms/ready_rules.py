"""Rules that come with the product, from ready_rules.toml; nothing judges them before somebody adds them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from app.alarms.definition import AlarmRuleDefinition, definition_from_document
from app.alarms.errors import UnknownAlarm
from app.alarms.models import AlarmRule
from app.alarms.store import save_rule


@cache
def ready_rules() -> tuple[AlarmRuleDefinition, ...]:
    """The definitions, first that of the alarm system of the legacy DQM GUI."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return tuple(definition_from_document(rule) for rule in tomllib.loads(text)["rule"])


def add_ready_rule(name: str, user: str) -> AlarmRule:
    """Add a rule that comes with the product. Raises UnknownAlarm, and InvalidAlarmRule if there is a rule of this name."""
    for definition in ready_rules():
        if definition.name == name:
            return save_rule(definition, number=None, user=user)
    raise UnknownAlarm(f"There is no ready rule {name}; there are {', '.join(each.name for each in ready_rules())}")
