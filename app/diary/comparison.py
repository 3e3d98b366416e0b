"""Differences between a job and its parents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.diary.models import DiaryJob
from app.diary.timeline import timeline_of

PLAIN = ("name", "kind", "user", "project", "state", "exit_code", "signal", "reason", "attempts", "workdir")
"""Columns that are compared."""
GROUPS = {"labels": "label", "metrics": "number", "facts": "fact"}
"""Columns with an object, compared entry by entry, and the word for an entry."""


class Difference(NamedTuple):
    """A value that differs in one of the parents."""

    kind: str  # "" for a column, label, number or fact
    name: str
    own: str  # "" for none
    parents: tuple[str, ...]
    changes: tuple[str, ...]  # from each parent to the job, of numbers; "" for other values


class Comparison(NamedTuple):
    """A job and its parents, which the original calls base runs."""

    parents: list[DiaryJob]
    rows: list[Difference]
    equal: int  # values that are the same in all of them


def compare(job: DiaryJob, parents: Sequence[DiaryJob]) -> Comparison:
    """What differs between a job and its parents, in the order of columns, labels, numbers and facts."""
    own, others = _values(job), [_values(parent) for parent in parents]
    keys = dict.fromkeys(key for values in (own, *others) for key in values)
    found = []
    for kind in ("", "time", *GROUPS.values()):
        names = [name for group, name in keys if group == kind]
        for name in names if kind in ("", "time") else sorted(names):
            value, theirs = own.get((kind, name)), [values.get((kind, name)) for values in others]
            if any(each != value for each in theirs):
                changes = tuple(_change(value, each) if kind else "" for each in theirs)
                found.append(Difference("" if kind == "time" else kind, name, _text(value), tuple(map(_text, theirs)), changes))
    return Comparison(list(parents), found, len(keys) - len(found))


def _values(job: DiaryJob) -> dict[tuple[str, str], Any]:
    """The values of a job that there are, by kind and name."""
    found: dict[tuple[str, str], Any] = {("", name): getattr(job, name) for name in PLAIN if getattr(job, name) not in (None, "", 0)}
    found |= {("", "exit_code"): job.exit_code} if job.exit_code is not None else {}
    times = timeline_of(job, job.seen)
    found |= {("time", name): round(value, 1) for name, value in (("waited, s", times.waited), ("ran, s", times.ran)) if value is not None}
    for column, kind in GROUPS.items():
        values: Mapping[str, Any] = job.value_of(column)
        found |= {(kind, name): value for name, value in values.items()}
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _change(own: Any, base: Any) -> str:
    """The step from the number of a parent to that of the job."""
    if not _is_number(own) or not _is_number(base) or own == base:
        return ""
    step = f"{own - base:+,.6g}"
    return f"{step} ({(own - base) / abs(base):+.1%})" if base else step


def _text(value: Any) -> str:
    if value is None:
        return ""
    if _is_number(value):
        return f"{value:,.10g}" if isinstance(value, float) else f"{value}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
