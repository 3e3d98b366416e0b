"""Walls in the database: read, stored, deleted. Each change has a row in the audit log."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from app.core.database import proxy
from app.security.audit_log import acting_user, audit
from app.wall.definition import WallDefinition, stored_wall
from app.wall.errors import InvalidWall, UnknownWall, WallConflict
from app.wall.models import Wall

NEW_WALL = 0
"""Version of a wall that is not stored yet."""


class StoredWall(NamedTuple):
    """A wall as it is in the database."""

    name: str
    version: int
    definition: WallDefinition
    user: str  # who changed it last
    changed: float  # Unix s UTC


def walls() -> list[StoredWall]:
    """All walls by name."""
    return [_stored(row) for row in Wall.select().order_by(Wall.name)]


def find_wall(name: str) -> StoredWall:
    """The wall of this name. Raises UnknownWall."""
    row = Wall.get_or_none(Wall.name == name)
    if row is None:
        raise UnknownWall(f"There is no wall {name[:100]}; /walls lists those that there are")
    return _stored(row)


def _stored(row: Wall) -> StoredWall:
    return StoredWall(row.name, row.version, stored_wall(json.loads(row.definition)), row.user, row.changed)


def save_wall(definition: WallDefinition, version: int | None = None) -> bool:
    """Store a wall; False if it is the same already.

    Args:
        version: The version that the change is of, or NEW_WALL; None to replace whatever there is. Raises WallConflict, or
            InvalidWall if a new wall has the name of another.
    """
    text = json.dumps(definition.document)
    with proxy.atomic():
        row = Wall.get_or_none(Wall.name == definition.name)
        if row is not None and version == NEW_WALL:
            raise InvalidWall([("name", "Another wall has this name")])
        if version and (row is None or row.version != version):
            raise WallConflict("Somebody else has changed this wall meanwhile; open it again, and repeat your change")
        if row is not None and row.definition == text:
            return False
        values = {"definition": text, "user": acting_user(), "changed": time.time()}
        if row is None:
            Wall.create(name=definition.name, version=1, **values)
        else:
            Wall.update(version=Wall.version + 1, **values).where(Wall.id == row.id).execute()
        audit("add wall" if row is None else "change wall", definition.name)
    return True


def delete_wall(name: str) -> None:
    """Delete a wall. Raises UnknownWall."""
    with proxy.atomic():
        if not Wall.delete().where(Wall.name == name).execute():
            raise UnknownWall(f"There is no wall {name[:100]}")
        audit("delete wall", name)
