"""Files of display groups in the original's form: a JSON list of objects, as `displayConfig.js` of HDQM has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from app.core.counters import advance
from app.core.database import proxy
from app.core.text import json_problem
from app.trends.groups.errors import InvalidGroup, UnreadableGroups
from app.trends.groups.group import DisplayGroup, group_from_json
from app.trends.groups.models import COUNTER, TrendGroup
from app.trends.groups.store import add_group, edit_group, group_of_row, rows_of, set_order

MAX_BYTES = 10_000_000
"""Size of a file; that of the original has 0.2 MB."""


class ImportedGroups(NamedTuple):
    """How many groups of a file were stored."""

    added: int
    changed: int
    unchanged: int


def export_groups(subsystem: str = "") -> str:
    """The groups of a subsystem, or of all, in their order."""
    return json.dumps([group_of_row(row).json for row in rows_of(subsystem)], indent=1)


def import_groups(text: str) -> ImportedGroups:
    """Store the groups of a file whole or not at all; those with the same subsystem and name are replaced, others stay behind them.

    Raises UnreadableGroups for a file with anything wrong, and GroupConflict if somebody changes a group at the same time.
    """
    groups = read_groups(text)
    counts = dict.fromkeys(ImportedGroups._fields, 0)
    with proxy.atomic():
        advance(COUNTER)
        known = {(row.subsystem, row.name): row for row in TrendGroup.select()}
        order = []
        for group in groups:
            row = known.get((group.subsystem, group.name))
            if row is None:
                order.append(add_group(group, "import"))
                counts["added"] += 1
                continue
            order.append(row)
            counts["unchanged" if not row.deleted and group_of_row(row) == group else "changed"] += 1
            edit_group(row, row.version, group, "import")
        _sort(order)
    return ImportedGroups(**counts)


def _sort(first: list[TrendGroup]) -> None:
    ids = {row.id for row in first}
    rows = rows_of()
    by_id = {row.id: row for row in rows}
    set_order([*(by_id[row.id] for row in first), *(row for row in rows if row.id not in ids)])


def read_groups(text: str) -> list[DisplayGroup]:
    """The groups of a file. Raises UnreadableGroups with everything that is wrong."""
    if len(text) > MAX_BYTES:
        raise UnreadableGroups([f"The file is larger than {MAX_BYTES // 10**6} MB"])
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableGroups([f"The file is not JSON: {json_problem(error)}"]) from None
    if not isinstance(values, list):
        raise UnreadableGroups(["Expected a list of groups: [...]"])
    groups: dict[tuple[str, str], DisplayGroup] = {}
    problems = list(_read_all(values, groups))
    if problems:
        raise UnreadableGroups(problems)
    return list(groups.values())


def _read_all(values: list[object], groups: dict[tuple[str, str], DisplayGroup]) -> Iterator[str]:
    """Fill `groups`; yields what is wrong."""
    for number, value in enumerate(values, 1):
        name = value.get("name") if isinstance(value, dict) else None
        place = f"Group {number}" + (f" ({name[:50]})" if isinstance(name, str) and name.isprintable() else "")
        try:
            group = group_from_json(value)
        except InvalidGroup as error:
            yield from (f"{place}: {field}: {problem}" for field, problem in error.fields)
            continue
        if groups.setdefault((group.subsystem, group.name), group) is not group:
            yield f"{place}: name: {group.subsystem} has this group twice; right would be another name"
