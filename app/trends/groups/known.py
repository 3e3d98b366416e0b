"""The trends that groups can have, and those that groups name although no configuration has them."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from app.core.database import rows
from app.trends.groups.store import group_of_row, rows_of
from app.trends.models import Trend


class SubsystemGroups(NamedTuple):
    """A subsystem with trends or groups.

    Attributes:
        groups: Number of groups.
        trends: Number of configured trends.
        missing: Number of series of its groups that no configuration has.
    """

    name: str
    groups: int
    trends: int
    missing: int


def known_trends(subsystem: str) -> list[str]:
    """The names of the configured trends of a subsystem, ascending."""
    query = Trend.select(Trend.name).where(Trend.subsystem == subsystem, ~Trend.retired).order_by(Trend.name)
    return [name for (name,) in rows(query)]


def group_subsystems() -> list[SubsystemGroups]:
    """The subsystems with trends or groups, by name."""
    trends = set(rows(Trend.select(Trend.subsystem, Trend.name).where(~Trend.retired)))
    counts = Counter(subsystem for subsystem, _ in trends)
    groups = [group_of_row(row) for row in rows_of()]
    numbers = Counter(group.subsystem for group in groups)
    missing = Counter(group.subsystem for group in groups for name in dict.fromkeys(group.series) if (group.subsystem, name) not in trends)
    return [SubsystemGroups(name, numbers[name], counts[name], missing[name]) for name in sorted({*counts, *numbers})]
