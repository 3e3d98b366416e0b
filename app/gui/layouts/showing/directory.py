"""Lists of layouts and workspaces for the pages that manage them: by scope and folder, with the number and author of the newest version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from peewee import JOIN, fn

from app.core.database import rows
from app.gui.layouts.models import Arrangement, ArrangementPlace, ArrangementVersion
from app.gui.layouts.scopes import SCOPES

INACTIVE = "inactive"
"""Instead of a scope: arrangements without an active version."""


class ArrangementEntry(NamedTuple):
    """An arrangement in a list."""

    id: int
    path: str
    active: int  # number of the active version; 0: none
    newest: int  # number of the newest version
    source: str  # file of the watched folder, or ""
    at: float | None  # of the newest version, Unix s UTC
    user: str  # author of the newest version
    action: str  # of the newest version, as in ArrangementVersion
    scopes: tuple[str, ...] = ()  # where it is active


class FolderList(NamedTuple):
    """The content of a folder."""

    subfolders: list[tuple[str, int]]  # whole path of each, with the number of arrangements below it
    here: list[int]  # numbers of the arrangements in it, by name


def counts(kind: str) -> dict[str, int]:
    """How many arrangements of a kind are in each scope, and how many are inactive."""
    places = ArrangementPlace.select(ArrangementPlace.scope, fn.COUNT(ArrangementPlace.id)).where(
        ArrangementPlace.kind == kind, ArrangementPlace.scope.in_(SCOPES)
    )
    found = dict.fromkeys(SCOPES, 0) | dict(rows(places.group_by(ArrangementPlace.scope)))
    return found | {INACTIVE: _inactive(kind, Arrangement.id).count()}


def paths_of(kind: str, scope: str) -> list[tuple[str, int]]:
    """Path and number of each arrangement of a kind in a scope or INACTIVE, by path."""
    if scope == INACTIVE:
        query = _inactive(kind, Arrangement.path, Arrangement.id)
    else:
        query = ArrangementPlace.select(ArrangementPlace.path, ArrangementPlace.arrangement)
        query = query.where(ArrangementPlace.kind == kind, ArrangementPlace.scope == scope)
    return sorted((path, number) for path, number in rows(query))


def folder_list(paths: Sequence[tuple[str, int]], folder: str) -> FolderList:
    """The content of a folder ("": the top one), from the sorted paths and numbers of all arrangements."""
    prefix = f"{folder}/" if folder else ""
    below = [(path[len(prefix) :], number) for path, number in paths if path.startswith(prefix)]
    subfolders = Counter(path.partition("/")[0] for path, _ in below if "/" in path)
    return FolderList([(prefix + name, count) for name, count in subfolders.items()], [number for path, number in below if "/" not in path])


def matches(paths: Sequence[tuple[str, int]], text: str) -> list[int]:
    """The numbers of the arrangements whose path has all words of a text, in any order (case-insensitive)."""
    words = text.lower().split()
    return [number for path, number in paths if all(word in path.lower() for word in words)]


def entries(numbers: Sequence[int]) -> list[ArrangementEntry]:
    """The arrangements with these numbers, in their order."""
    newest = (ArrangementVersion.arrangement == Arrangement.id) & (ArrangementVersion.number == Arrangement.newest)
    columns = (Arrangement.id, Arrangement.path, Arrangement.active, Arrangement.newest, Arrangement.source)
    query = Arrangement.select(*columns, ArrangementVersion.at, ArrangementVersion.user, ArrangementVersion.action)
    query = query.join(ArrangementVersion, JOIN.LEFT_OUTER, on=newest).where(Arrangement.id.in_(list(numbers)))
    places = ArrangementPlace.select(ArrangementPlace.arrangement, ArrangementPlace.scope)
    scopes: dict[int, set[str]] = {}
    for number, scope in rows(places.where(ArrangementPlace.arrangement.in_(list(numbers)))):
        scopes.setdefault(number, set()).add(scope)
    found = {entry.id: entry for entry in (ArrangementEntry(*row) for row in rows(query))}
    return [
        found[number]._replace(scopes=tuple(each for each in SCOPES if each in scopes.get(number, ())))
        for number in numbers
        if number in found
    ]


def _inactive(kind: str, *columns: Any) -> Any:
    return Arrangement.select(*columns).where(Arrangement.kind == kind, Arrangement.owner == "", Arrangement.active == 0)
