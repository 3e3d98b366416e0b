"""Checks of an observation: whatever a source gives, the results have the types and sizes of the columns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.diary.errors import BadObservation
from app.diary.observations.observation import JobKey, Observation, ParentKey
from app.diary.states import STATES, UNKNOWN

ID_CHARS, TEXT_CHARS, PATH_CHARS = 200, 500, 4000
MAX_ITEMS = 100
"""Most labels, metrics, logs, outputs or parents of a job."""
MAX_FACTS = 64 << 10
"""Longest JSON of the facts of a job, characters."""
LAST_TIME = 2e11
"""Larger numbers are no Unix times."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
TEXTS = {"kind": TEXT_CHARS, "name": TEXT_CHARS, "user": ID_CHARS, "project": ID_CHARS, "reason": PATH_CHARS, "workdir": PATH_CHARS}
NUMBERS = {"exit_code": 2**63, "signal": 2**31, "attempts": 2**31}


class Checked(NamedTuple):
    """An observation that can be stored."""

    key: JobKey
    seen: float
    values: dict[str, Any]  # those that are known, by column; the state as `machine_state`
    merged: dict[str, dict[str, Any]]  # objects by column, which are added to those that are stored
    parents: tuple[ParentKey, ...]


def checked(observation: Observation) -> Checked:
    """The observation with safe values. Raises BadObservation."""
    if not isinstance(observation, Observation):
        raise BadObservation("Not an observation")
    seen = _time("seen", observation.seen)
    if seen is None:
        raise BadObservation("It has no time")
    if not isinstance(observation.state, str):
        raise BadObservation("Its state is not text")
    values: dict[str, Any] = {"machine_state": observation.state if observation.state in STATES else UNKNOWN}
    for name, longest in TEXTS.items():
        values[name] = _text(name, getattr(observation, name), longest)
    for name, limit in NUMBERS.items():
        values[name] = _whole(name, getattr(observation, name), limit)
    for name in ("started", "ended"):
        values[name] = _time(name, getattr(observation, name))
    values["logs"] = None if observation.logs is None else _json([_pair(item) for item in _items("logs", observation.logs)])
    outputs = (
        None if observation.outputs is None else [_text("outputs", item, PATH_CHARS) for item in _items("outputs", observation.outputs)]
    )
    values["outputs"] = None if outputs is None else _json(outputs)
    merged = {"labels": _labels(observation.labels), "metrics": _metrics(observation.metrics), "facts": _facts(observation.facts)}
    parents = tuple(_parent(item) for item in _items("parents", () if observation.parents is None else observation.parents))
    known = {name: value for name, value in values.items() if value is not None}
    return Checked(job_key(observation.native_id, observation.submitted), seen, known, merged, parents)


def job_key(native_id: Any, submitted: Any) -> JobKey:
    """The key of a job. Raises BadObservation."""
    if not isinstance(native_id, str) or not native_id.strip():
        raise BadObservation("It has no id")
    if len(native_id) > ID_CHARS:
        raise BadObservation(f"Its id has more than {ID_CHARS} characters")
    return JobKey(clean(native_id.strip()), int(_time("submitted", submitted) or 0))


def clean(text: str) -> str:
    """A text that every database can store."""
    return _UNSTORABLE.sub("\ufffd", text)


def _text(name: str, value: Any, longest: int) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadObservation(f"{name} is no text")
    cut = value if len(value) <= longest else value[: longest - 1] + "…"
    return clean(cut)


def _whole(name: str, value: Any, limit: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not -limit <= value < limit:
        raise BadObservation(f"{name} is no whole number that can be stored")
    return value


def _time(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LAST_TIME:  # false for NaN, too
        raise BadObservation(f"{name} is no time of the calendar")
    return float(value)


def _items(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise BadObservation(f"{name} is no list")
    return list(value[:MAX_ITEMS])


def _pair(item: Any) -> list[str | None]:
    if not isinstance(item, list | tuple) or len(item) != 2 or not all(isinstance(part, str) for part in item):
        raise BadObservation("A log is not a pair of path and kind")
    return [_text("logs", item[0], PATH_CHARS), _text("logs", item[1], TEXT_CHARS)]


def _parent(item: Any) -> ParentKey:
    if not isinstance(item, list | tuple) or not 2 <= len(item) <= 3 or not isinstance(item[0], str) or not item[0]:
        raise BadObservation("A parent is not a pair of source and id")
    key = job_key(item[1], item[2] if len(item) == 3 else 0)
    return ParentKey(clean(item[0][:ID_CHARS]), *key)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise BadObservation(f"{name} has no names")
    return {clean(key[:ID_CHARS]): each for key, each in value.items()}


def _labels(value: Any) -> dict[str, Any]:
    return {key: _text("labels", each, TEXT_CHARS) for key, each in _first(_mapping("labels", value)) if each is not None}


def _metrics(value: Any) -> dict[str, Any]:
    found = dict(_first(_mapping("metrics", value)))
    for each in found.values():
        if isinstance(each, bool) or not isinstance(each, int | float) or not abs(each) < 1e300:  # false for NaN, too
            raise BadObservation("A metric is not a number")
    return found


def _first(found: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(found.items())[:MAX_ITEMS]


def _facts(value: Any) -> dict[str, Any]:
    """The facts; of too many, the first that are short enough together."""
    found, size = {}, 0
    for key, each in _mapping("facts", value).items():
        try:
            fact = _storable(each)
            size += len(key) + len(json.dumps(fact, ensure_ascii=False, allow_nan=False))
        except (TypeError, ValueError, RecursionError):  # no JSON, or deeper than any
            fact = f"({type(each).__name__})"
            size += len(key) + len(fact)
        if size > MAX_FACTS:
            break
        found[key] = fact
    return found


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
