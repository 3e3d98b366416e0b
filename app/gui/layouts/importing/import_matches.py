"""Finds the stored arrangement that a content of a file is a new version of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.core.database import rows
from app.gui.layouts.contents import Content, document_of, kind_of
from app.gui.layouts.models import LAYOUT, WORKSPACE, Arrangement, ArrangementActivation, ArrangementPlace, ArrangementVersion
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.workspace import Workspace

KINDS = (LAYOUT, WORKSPACE)


class Stored(NamedTuple):
    """An arrangement as it is stored.

    Attributes:
        active: Text of the active version; None for none.
        imported: Text of the version that the latest import made; None for none.
        is_edited: Whether people have changed or removed it in pages since that import.
        is_withdrawn: Whether its file of a watched folder did not have it at the latest reading.
    """

    row: Arrangement
    active: str | None
    imported: str | None
    is_edited: bool
    is_withdrawn: bool

    def is_of(self, content: Content) -> bool:
        """Whether a content with the path of its last import, or its active one, is a version of it: they share a scope.

        Workspaces of one name from different files are different arrangements.
        """
        row = self.row
        text = self.imported if row.imported and row.imported_path == content.path else self.active if row.path == content.path else None
        if text is None:
            return False
        document = document_of(text)
        same_file = not row.imported or not isinstance(content, Workspace) or document.get("file", "") == content.file
        return same_file and not set(content.scopes).isdisjoint(document.get("scope", ()))

    @property
    def has_caught_up(self) -> bool:
        """Whether its active version, made in pages, equals the file. Then the next change of the file is shown again."""
        return self.active is not None and self.active != self.imported

    def note_imported(self, **values: object) -> int:
        """Note the active version as the one that the latest import made; returns 0 if another one is active meanwhile."""
        return self.note(imported=self.row.active, imported_path=self.row.path, **values)

    def note(self, **values: object) -> int:
        """Store values of its row; returns 0 if another version is active meanwhile."""
        table, row = Arrangement, self.row
        return int(table.update(**values).where(table.id == row.id, table.active == row.active).execute())


class StoredBatch:
    """The stored arrangements at the paths of some contents, and the arrangements that are active at these paths.

    Args:
        source: Only arrangements from this file of a watched folder are matched; "": those from no watched folder.
        gone: Removed files of watched folders. Their arrangements are matched too, and so are those that their file has no longer.
    """

    def __init__(self, contents: Sequence[Content], source: str, gone: Collection[str] | None = None) -> None:
        paths = list({content.path for content in contents})
        self._by_path: defaultdict[tuple[str, str], list[Stored]] = defaultdict(list)
        for stored in _all_stored(paths, source, gone):
            for path in {stored.row.imported_path, stored.row.path}:
                self._by_path[stored.row.kind, path].append(stored)
        place = ArrangementPlace
        query = place.select(place.kind, place.scope, place.path, place.arrangement).where(
            place.kind.in_(KINDS), place.scope.in_(SCOPES), place.path.in_(paths)
        )
        self._holders: dict[tuple[str, str, str], int] = {(kind, scope, path): number for kind, scope, path, number in rows(query)}
        self._places: defaultdict[int, list[tuple[str, str, str]]] = defaultdict(list)
        for key, number in self._holders.items():
            self._places[number].append(key)

    def match(self, content: Content, without: Collection[int]) -> Stored | None:
        """The arrangement that a content is a version of, none of `without`.

        One that its watched folder still has is preferred, then one imported with this path to one renamed to it.
        """
        found = [each for each in self._by_path[kind_of(content), content.path] if each.row.id not in without and each.is_of(content)]
        return min(found, key=lambda each: (each.is_withdrawn, each.row.imported_path != content.path, each.row.id), default=None)

    def holder(self, content: Content, but: int) -> tuple[str, int] | None:
        """A scope in which another arrangement than `but` is active at the path of a content, and its number."""
        found = ((scope, self._holders.get((kind_of(content), scope, content.path), but)) for scope in content.scopes)
        return next((each for each in found if each[1] != but), None)

    def take(self, content: Content, number: int) -> None:
        """Move an arrangement to the places of a content."""
        for key in self._places.pop(number, ()):
            del self._holders[key]
        self._places[number] = [(kind_of(content), scope, content.path) for scope in content.scopes]
        self._holders |= dict.fromkeys(self._places[number], number)


def _all_stored(paths: list[str], source: str, gone: Collection[str] | None) -> list[Stored]:
    table = Arrangement
    at_path = table.kind.in_(KINDS) & (table.owner == "") & table.path.in_(paths)
    was_at_path = table.kind.in_(KINDS) & table.imported_path.in_(paths)
    found = [row for row in table.select().where(at_path | was_at_path) if row.source == source or _is_free(row, gone)]
    texts = _texts([row.id for row in found])
    removed = _removed_numbers([row.id for row in found if not row.active])
    return [_to_stored(row, texts, removed) for row in found]


def _is_free(row: Arrangement, gone: Collection[str] | None) -> bool:
    return gone is not None and bool(row.source) and (not row.active or row.source in gone)


def _to_stored(row: Arrangement, texts: dict[tuple[int, int], str], removed: set[int]) -> Stored:
    active, imported = texts.get((row.id, row.active)), texts.get((row.id, row.imported))
    is_edited = row.id in removed if imported is not None and active is None else active != imported
    is_from_file = bool(row.source)
    return Stored(row, active, imported, is_edited and not is_from_file, is_from_file and row.id in removed)


def _texts(numbers: list[int]) -> dict[tuple[int, int], str]:
    version = ArrangementVersion
    query = (
        version.select(version.arrangement, version.number, version.document)
        .join(Arrangement, on=(Arrangement.id == version.arrangement))
        .where(Arrangement.id.in_(numbers), version.number.in_((Arrangement.active, Arrangement.imported)))
    )
    return {(arrangement, number): text for arrangement, number, text in rows(query)}


def _removed_numbers(numbers: list[int]) -> set[int]:
    activation = ArrangementActivation
    query = activation.select(activation.arrangement).where(activation.arrangement.in_(numbers), activation.number == 0).distinct()
    return {number for (number,) in rows(query)}
