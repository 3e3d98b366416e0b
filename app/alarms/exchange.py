"""Alarm rules as files, so that they can be kept in version control: a JSON object or TOML with a list `rule`."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from typing import Any, NamedTuple

from app.alarms.definition import AlarmRuleDefinition, definition_from_document, document_of_definition
from app.alarms.errors import InvalidAlarmRule
from app.alarms.models import AlarmRule
from app.alarms.store import all_rules, definition_of, save_rule
from app.core.database import proxy
from app.core.text import json_problem

MAX_RULES = 1000


class ImportedRules(NamedTuple):
    """How many rules of a file were stored."""

    added: int
    changed: int
    unchanged: int


def export_rules() -> str:
    """All rules as JSON, which `import_rules` reads; the same rules give the same text."""
    documents = [document_of_definition(definition_of(rule)) for rule in all_rules()]
    return json.dumps({"rule": documents}, indent=2, sort_keys=True, ensure_ascii=False)


def import_rules(text: str, user: str) -> ImportedRules:
    """Store the rules of a file, whole or not at all. One with the name of a known rule replaces it; others stay.

    Raises InvalidAlarmRule with each wrong field, such as `rule[2].place`.
    """
    definitions = _read(text)
    counts = Counter[str]()
    with proxy.atomic():
        known = {rule.name: rule for rule in AlarmRule.select()}
        for definition in definitions:
            rule = known.get(definition.name)
            if rule is not None and definition_of(rule) == definition:
                counts["unchanged"] += 1
                continue
            save_rule(definition, number=rule.id if rule else None, user=user)
            counts["changed" if rule else "added"] += 1
    return ImportedRules(counts["added"], counts["changed"], counts["unchanged"])


def _read(text: str) -> list[AlarmRuleDefinition]:
    documents = _documents(text)
    wrong: list[tuple[str, str]] = []
    definitions: list[AlarmRuleDefinition] = []
    for index, document in enumerate(documents):
        try:
            definitions.append(definition_from_document(document))
        except InvalidAlarmRule as error:
            wrong += [(f"rule[{index}].{field}", problem) for field, problem in error.fields]
    names = Counter(definition.name for definition in definitions)
    wrong += [("rule", f"two rules have the name {name}") for name, count in names.items() if count > 1]
    if wrong:
        raise InvalidAlarmRule(wrong)
    return definitions


def _documents(text: str) -> list[Any]:
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidAlarmRule([("file", f"neither JSON nor TOML: {error}")]) from None
    except (ValueError, RecursionError) as error:
        raise InvalidAlarmRule([("file", f"no JSON: {json_problem(error)}")]) from None
    rules = document.get("rule")
    if not isinstance(rules, list) or len(rules) > MAX_RULES:
        raise InvalidAlarmRule([("rule", f"expected a list of at most {MAX_RULES:,} rules")])
    return rules
