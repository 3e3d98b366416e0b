"""All active layouts and workspaces that are not private."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.database import rows
from app.core.input_problems import InputProblems
from app.gui.layouts.checking.findings import INVALID, CheckFinding
from app.gui.layouts.contents import Content, read_stored
from app.gui.layouts.models import Arrangement, ArrangementVersion

BATCH = 500
"""Arrangements of one query."""


def all_active(invalid: list[CheckFinding] | None = None) -> Iterator[Content]:
    """The active layouts and workspaces that all see, in the order of exports; `invalid` gets those that cannot be read."""
    table, version = Arrangement, ArrangementVersion
    order = table.position, table.id
    query = table.select(table.id).where(table.active > 0, table.owner == "").order_by(*order)
    numbers = [number for (number,) in rows(query)]
    stored = (
        table.select(table.kind, table.path, version.document)
        .join(version, on=(version.arrangement == table.id) & (version.number == table.active))
        .order_by(*order)
    )
    for start in range(0, len(numbers), BATCH):
        for kind, path, text in rows(stored.where(table.id.in_(numbers[start : start + BATCH]))):
            problems = InputProblems()
            content = read_stored(kind, text, problems)
            if invalid is not None:
                invalid += [CheckFinding(INVALID, path, content.scopes, place, "", problem) for place, problem in problems.listed]
            yield content
