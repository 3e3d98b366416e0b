"""All active layouts and workspaces that are not private."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.database import rows
from app.gui.layouts.contents import Content
from app.gui.layouts.models import Arrangement
from app.gui.layouts.store import active_contents

BATCH = 500
"""Arrangements of one query."""


def all_active() -> Iterator[Content]:
    """The active layouts and workspaces that all see, in the order of exports."""
    table = Arrangement
    query = table.select(table.id).where(table.active > 0, table.owner == "").order_by(table.position, table.id)
    numbers = [number for (number,) in rows(query)]
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        contents = active_contents(batch)
        yield from (contents[number] for number in batch if number in contents)
