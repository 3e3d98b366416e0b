"""Display groups: charts of several trends that experts define, by subsystem and name."""

from app.trends.groups.group import DisplayGroup
from app.trends.groups.store import groups_of

__all__ = ["DisplayGroup", "groups_of"]
