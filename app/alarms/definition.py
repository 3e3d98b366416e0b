"""What experts choose in an alarm rule, and the check of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.alarms.conditions import conditions
from app.alarms.conditions.base import LimitField
from app.alarms.errors import InvalidAlarmRule
from app.alarms.models import FOLDER, LAYOUT, WORKSPACE
from app.gui.files.entries import ONLINE_DATASET, dataset_problem
from app.notify.channel_folders import channel_kinds

MAX_TEXT = 200
MAX_PLACE = 1000
PLACES = (FOLDER, LAYOUT, WORKSPACE)
DAY_S = 86400.0

NUMBERS: Mapping[str, tuple[float, float]] = {
    "raise_after": (1, 1000),
    "recover_after": (1, 1000),
    "calm_s": (0, DAY_S),
    "remind_s": (0, 7 * DAY_S),
    "max_reminders": (0, 1000),
}
"""The smallest and the largest value of each number."""

COUNTS = ("raise_after", "recover_after", "max_reminders")
"""Those that are whole numbers."""


class AlarmRuleDefinition(NamedTuple):
    """The parts of a rule that experts choose; see AlarmRule."""

    name: str
    subsystem: str
    condition: str
    limits: Mapping[str, Any] = {}  # those that are missing have their defaults; numbers may be texts, as forms have them
    dataset: str = ONLINE_DATASET
    place_kind: str = FOLDER
    place: str = ""
    raise_after: int = 1
    recover_after: int = 1
    calm_s: float = 600.0
    remind_s: float = 0.0
    max_reminders: int = 3
    channels: Sequence[str] = ()
    enabled: bool = True


def checked(definition: AlarmRuleDefinition) -> AlarmRuleDefinition:
    """The definition with trimmed texts and all limits. Raises InvalidAlarmRule with all that is wrong, and what would be right."""
    texts = {name: str(getattr(definition, name)).strip() for name in ("name", "subsystem", "dataset", "place")}
    texts["place"] = texts["place"].strip("/")
    wrong = [*_wrong_texts(texts), *_wrong_choices(definition)]
    numbers = {name: _number(getattr(definition, name), *ends, is_whole=name in COUNTS) for name, ends in NUMBERS.items()}
    wrong += [(name, _expected(*NUMBERS[name], is_whole=name in COUNTS)) for name, value in numbers.items() if value is None]
    limits = _limits(definition, wrong)
    if wrong:
        raise InvalidAlarmRule(wrong)
    changed: dict[str, Any] = {**texts, **numbers, "limits": limits, "channels": tuple(dict.fromkeys(definition.channels))}
    return definition._replace(**changed | {name: int(changed[name]) for name in COUNTS})


def definition_from_document(document: Any) -> AlarmRuleDefinition:
    """The definition in an object of JSON or a table of TOML. Raises InvalidAlarmRule."""
    if not isinstance(document, Mapping):
        raise InvalidAlarmRule([("rule", "expected an object with name, subsystem, condition and place")])
    known = AlarmRuleDefinition._fields
    wrong = [(str(name)[:MAX_TEXT], f"unknown; the fields are {', '.join(known)}") for name in document if name not in known]
    wrong += [(name, "missing") for name in ("name", "subsystem", "condition") if name not in document]
    wrong += [
        (name, f"expected {_KINDS[name][1]}") for name in document if name in _KINDS and not isinstance(document[name], _KINDS[name][0])
    ]
    if isinstance(channels := document.get("channels"), list) and not all(isinstance(kind, str) for kind in channels):
        wrong.append(("channels", "expected a list of texts"))
    if wrong:
        raise InvalidAlarmRule(wrong)
    return checked(AlarmRuleDefinition(**document))


_KINDS: Mapping[str, tuple[type, str]] = {
    **dict.fromkeys(("name", "subsystem", "condition", "dataset", "place_kind", "place"), (str, "a text")),
    "limits": (Mapping, "an object"),
    "channels": (list, "a list of texts"),
    "enabled": (bool, "true or false"),
}
"""Types of fields of documents, with their names for people; numbers may be texts."""


def document_of_definition(definition: AlarmRuleDefinition) -> dict[str, Any]:
    """The object of JSON that `definition_from_document` reads, without fields that have their defaults."""
    defaults = AlarmRuleDefinition._field_defaults
    found = {name: value for name, value in definition._asdict().items() if name not in defaults or value != defaults[name]}
    return found | ({"channels": list(definition.channels)} if definition.channels else {})


def _wrong_texts(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("name", "subsystem"):
        if not texts[name] or len(texts[name]) > MAX_TEXT or not texts[name].isprintable():
            yield name, f"expected a text of at most {MAX_TEXT} printable characters"
    if problem := dataset_problem(texts["dataset"]):
        yield "dataset", problem
    if len(texts["place"]) > MAX_PLACE or not texts["place"].isprintable():
        yield "place", f"expected a path or name of at most {MAX_PLACE} printable characters"


def _wrong_choices(definition: AlarmRuleDefinition) -> Iterator[tuple[str, str]]:
    if definition.place_kind not in PLACES:
        yield "place_kind", f"expected one of {', '.join(PLACES)}"
    elif definition.place_kind != FOLDER and not str(definition.place).strip("/ "):
        yield "place", f"expected the name of a {definition.place_kind}"
    if unknown := [str(kind)[:MAX_TEXT] for kind in definition.channels if kind not in channel_kinds()]:
        yield "channels", f"unknown: {', '.join(unknown)}; expected some of {', '.join(channel_kinds())}"


def _limits(definition: AlarmRuleDefinition, wrong: list[tuple[str, str]]) -> dict[str, Any]:
    """All limits of the condition of a rule, by name; adds what is wrong, with `limits.` before the name of a field."""
    condition = conditions().get(definition.condition)
    if condition is None:
        wrong.append(("condition", f"expected one of {', '.join(conditions())}"))
        return {}
    names = [field.name for field in condition.fields]
    problems = [(str(name)[:MAX_TEXT], f"unknown; expected {', '.join(names)}") for name in definition.limits if name not in names]
    found = {}
    for field in condition.fields:
        value, expected = _limit(field, definition.limits.get(field.name, field.default))
        found[field.name] = value
        if expected:
            problems.append((field.name, expected))
    problems += [] if problems else condition.problems(found)
    wrong += [(f"limits.{name}", problem) for name, problem in problems]
    return found


def _limit(field: LimitField, value: Any) -> tuple[Any, str]:
    """The value of a limit, and what was expected instead; "" if it can be used."""
    if field.kind == "choices":
        values = [choice for choice, _ in field.choices]
        chosen = [value] if isinstance(value, str) else value
        is_valid = isinstance(chosen, list | tuple) and chosen and all(each in values for each in chosen)
        return (list(dict.fromkeys(chosen)), "") if is_valid else ([], f"expected at least one of {', '.join(values)}")
    least = -math.inf if field.least is None else field.least
    most = math.inf if field.most is None else field.most
    is_whole = field.kind == "whole"
    number = _number(value, least, most, is_whole=is_whole)
    if number is None:
        return None, _expected(least, most, is_whole=is_whole)
    return (int(number) if is_whole else number), ""


def _number(value: Any, least: float, most: float, *, is_whole: bool) -> float | None:
    """The number of a value of a form or document, if it is in its range."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    is_valid = least <= number <= most and math.isfinite(number) and (not is_whole or number == int(number))
    return number if is_valid else None


def _expected(least: float, most: float, *, is_whole: bool) -> str:
    return f"expected a {'whole ' if is_whole else ''}number from {least:g} to {most:g}"
