"""The layouts and workspaces that all see, in the order of their files, for exports."""

from __future__ import annotations

from typing import Any

from peewee import fn

from app.core.database import rows
from app.gui.layouts.contents import Content, content_of
from app.gui.layouts.models import WORKSPACE, Arrangement, ArrangementActivation, ArrangementVersion


def current_contents(scope: str = "", path: str = "") -> list[Content]:
    """Active layouts and workspaces, and workspaces of files that gave way to others of their names.

    Args:
        scope: Only those of this scope; "" for all.
        path: Only those at this path, or below it; "" for all.
    """
    table = Arrangement
    was_active = ArrangementActivation.select().where(ArrangementActivation.arrangement == table.id)
    gave_way = (table.active == 0) & (table.imported > 0) & (table.kind == WORKSPACE) & (table.owner == "")
    found = _texts(table.active, (table.active > 0) & (table.owner == "")) + _texts(table.imported, gave_way & ~fn.EXISTS(was_active))
    contents = (content_of(kind, text) for _, _, kind, where, text in sorted(found) if not path or f"{where}/".startswith(f"{path}/"))
    return [content for content in contents if not scope or scope in content.scopes]


def _texts(number: Any, where: Any) -> list[tuple[Any, ...]]:
    """Position, number, kind, path and text of arrangements in the version of a column."""
    table, version = Arrangement, ArrangementVersion
    query = (
        table.select(table.position, table.id, table.kind, table.path, version.document)
        .join(version, on=(version.arrangement == table.id) & (version.number == number))
        .where(where)
    )
    return rows(query)
