"""The columns that a list of jobs can have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.web import Problem

JOB = "job"
"""The column that each list has: name, tags and the note in short."""

COLUMNS = {
    JOB: "Job",
    "state": "State",
    "review": "Review",
    "labels": "Labels",
    "user": "User",
    "project": "Project",
    "kind": "Kind",
    "source": "Source",
    "id": "Id",
    "exit": "Exit code",
    "submitted": "Submitted",
    "started": "Started",
    "ended": "Ended",
    "changed": "Changed",
}
"""Titles by name, in the order of lists."""

DEFAULT_COLUMNS = (JOB, "state", "review", "labels", "user", "project", "submitted")


def columns_of(values: Iterable[str]) -> tuple[str, ...]:
    """The columns that an address names, separated by commas or repeated; the usual ones if it names none. Raises Problem 400."""
    chosen = {name.strip() for value in values for name in value.split(",")} - {""}
    if unknown := sorted(chosen - set(COLUMNS)):
        raise Problem(400, "The columns cannot be used", [("columns", f"Expected some of {', '.join(COLUMNS)}, not {unknown[0][:100]!r}")])
    return ordered(chosen | {JOB}) if chosen else DEFAULT_COLUMNS


def ordered(chosen: Iterable[str]) -> tuple[str, ...]:
    """Columns in the order of lists."""
    return tuple(sorted(chosen, key=list(COLUMNS).index))


def toggled(columns: Sequence[str], name: str) -> tuple[str, ...]:
    """The columns with one of them added or removed."""
    return ordered({*columns} ^ {name})
