"""The form of an alarm rule: its fields as texts, and the definition in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from app.alarms.conditions import conditions
from app.alarms.conditions.base import Condition, LimitField
from app.alarms.definition import NUMBERS, AlarmRuleDefinition

FormFields = Mapping[str, Any]
"""Values of the fields by name: texts, or lists of texts of boxes that are ticked."""

TEXTS = ("name", "subsystem", "dataset", "place_kind", "place", "raise_after", "recover_after", "max_reminders")
"""Fields that are as in the definition."""

MINUTES = {"calm_min": "calm_s", "remind_min": "remind_s"}
"""Fields in minutes, and what they are in the definition, in s."""

LABELS = {
    "place_kind": "Place",
    "place": "Path or name",
    "raise_after": "Judgements in a row before an alarm",
    "recover_after": "Judgements in a row before recovery",
    "calm_s": "Same alarm within, minutes",
    "remind_s": "Time between reminders, minutes",
    "max_reminders": "Largest number of reminders",
}
"""Labels of fields whose names say less, as in templates/alarms/rule_form.html."""


def fields_of(definition: AlarmRuleDefinition) -> dict[str, Any]:
    """A definition as fields of the form."""
    fields: dict[str, Any] = {name: str(getattr(definition, name)) for name in TEXTS}
    fields |= {name: number_text(getattr(definition, seconds) / 60) for name, seconds in MINUTES.items()}
    limits = {field.name: definition.limits.get(field.name, field.default) for field in condition_of(definition.condition).fields}
    fields |= {f"limits.{name}": list(value) if isinstance(value, list | tuple) else number_text(value) for name, value in limits.items()}
    return fields | {"channels": list(definition.channels), "enabled": "1" if definition.enabled else ""}


def number_text(value: float) -> str:
    """The shortest text of exactly this number."""
    return repr(value).removesuffix(".0")


def limit_texts(definition: AlarmRuleDefinition) -> list[str]:
    """The limits of a rule in words, such as "below 0.9"."""
    fields = condition_of(definition.condition).fields
    return [f"{field.label.lower()} {_limit_text(field, definition.limits.get(field.name, field.default))}" for field in fields]


def _limit_text(field: LimitField, value: Any) -> str:
    if field.kind == "choices":
        return ", ".join(label for name, label in field.choices if name in value)
    return f"{number_text(value)} {field.unit}".rstrip()


def posted_fields(form: MultiDict[str, str], condition: Condition) -> dict[str, Any]:
    """The fields that a browser sent."""
    several = {"channels", *(f"limits.{field.name}" for field in condition.fields if field.kind == "choices")}
    single = {*TEXTS, *MINUTES, "enabled", *(f"limits.{field.name}" for field in condition.fields)} - several
    return {name: form.get(name, "").strip() for name in single} | {name: form.getlist(name) for name in several}


def definition_in(fields: FormFields, condition: Condition) -> AlarmRuleDefinition:
    """The definition in the fields, not checked: numbers may still be texts."""
    texts = {name: fields[name] for name in TEXTS}
    seconds = {name: _seconds(fields[minutes]) for minutes, name in MINUTES.items()}
    limits = {field.name: fields[f"limits.{field.name}"] for field in condition.fields}
    return AlarmRuleDefinition(
        condition=condition.name,
        limits=limits,
        channels=tuple(fields["channels"]),
        enabled=fields["enabled"] == "1",
        **texts,
        **seconds,
    )


def condition_of(name: str) -> Condition:
    """The condition of this name, or the first one."""
    found = conditions()
    return found.get(name) or next(iter(found.values()))


def labelled(problems: Iterable[tuple[str, str]], condition: Condition) -> list[tuple[str, str]]:
    """The problems of fields with the labels of these, ranges in the units of the form."""
    limits = {f"limits.{field.name}": field.label for field in condition.fields}
    labels = LABELS | limits
    ranges = {name: f"expected a number from 0 to {NUMBERS[name][1] / 60:g}" for name in MINUTES.values()}
    return [(labels.get(field, field.replace("_", " ").capitalize()), ranges.get(field, problem)) for field, problem in problems]


def _seconds(minutes: str) -> Any:
    """Minutes as s; a text that is no number stays, and is refused by the check of the definition."""
    try:
        return round(float(minutes) * 60, 6)  # 86399 s are a third of a minute
    except ValueError:
        return minutes
