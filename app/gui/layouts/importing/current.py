"""The layouts and workspaces that all see, in the order of their files, for exports."""

from __future__ import annotations

from typing import Any, NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.input_problems import InputProblems
from app.gui.layouts.contents import Content, read_stored
from app.gui.layouts.models import WORKSPACE, Arrangement, ArrangementActivation, ArrangementVersion


def current_contents(scope: str = "", path: str = "", problems: InputProblems | None = None) -> list[Content]:
    """Active layouts and workspaces, and workspaces of files that others of the same name replace.

    Args:
        scope: Only those of this scope; "" for all.
        path: Only those at this path, or below it; "" for all.
        problems: Gets those that cannot be read; these are left out.
    """
    table = Arrangement
    removed = ArrangementActivation.select().where(ArrangementActivation.arrangement == table.id, ArrangementActivation.number == 0)
    gave_way = (table.active == 0) & (table.imported > 0) & (table.kind == WORKSPACE) & (table.owner == "")
    found = _texts(table.active, (table.active > 0) & (table.owner == "")) + _texts(table.imported, gave_way & ~fn.EXISTS(removed))
    wanted = [each for each in sorted(found) if not path or f"{each.path}/".startswith(f"{path}/")]
    contents = (each.read(problems) for each in wanted)
    return [content for content in contents if content.path and (not scope or scope in content.scopes)]


class _StoredText(NamedTuple):
    position: int
    number: int
    kind: str
    path: str
    text: str

    def read(self, problems: InputProblems | None) -> Content:
        own = InputProblems()
        content = read_stored(self.kind, self.text, own)
        if problems is not None:
            problems.include(own, f"{self.path}: ")
        return content


def _texts(number: Any, where: Any) -> list[_StoredText]:
    """Arrangements in the version of a column."""
    table, version = Arrangement, ArrangementVersion
    query = (
        table.select(table.position, table.id, table.kind, table.path, version.document)
        .join(version, on=(version.arrangement == table.id) & (version.number == number))
        .where(where)
    )
    return [_StoredText(*row) for row in rows(query)]
