"""Alarm rules for the demo data, from demo_rules.toml."""

from __future__ import annotations

from pathlib import Path

from app.alarms.exchange import ImportedRules, import_rules
from app.alarms.models import AlarmRule
from app.security.audit_log import acting_user


def make_demo_rules() -> ImportedRules | None:
    """Store the rules; None if there are rules already, which people may have changed."""
    if AlarmRule.select().exists():
        return None
    return import_rules(Path(__file__).with_name("demo_rules.toml").read_text(encoding="utf-8"), acting_user())
