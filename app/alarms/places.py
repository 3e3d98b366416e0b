"""The monitor elements (MEs) of the place of a rule: a folder or plot, a layout or folder of layouts, a workspace."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from app.alarms.conditions.base import path_text
from app.alarms.errors import NotJudged
from app.alarms.models import FOLDER, LAYOUT, AlarmRule
from app.formats import MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import InvalidInput
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutIndexes
from app.gui.layouts.showing.workspace_folders import parts_of
from app.gui.layouts.showing.workspaces import WorkspaceMenu, WorkspaceMenus
from app.gui.layouts.workspace import Workspace


class PlaceContent(NamedTuple):
    """What a place has."""

    mes: Sequence[int]  # indices of the MEs that a sample has, in order
    expected: Sequence[str] | None  # paths of MEs that should be there; None for a folder, which does not say


class _Key(NamedTuple):
    """Objects that a content was made of: it serves as long as they are the same ones."""

    changed: float
    names: MENames
    layouts: LayoutIndex
    menu: WorkspaceMenu


class RulePlaces:
    """The places of the rules of one process, each looked up once for a list of names."""

    def __init__(self) -> None:
        self._indexes = LayoutIndexes()
        self._menus = WorkspaceMenus()
        self._found: dict[int, tuple[_Key, PlaceContent]] = {}

    def content(self, rule: AlarmRule, sample: OpenSample) -> PlaceContent:
        """What the place of a rule has. Raises NotJudged if there is no such place."""
        scope = scope_of(rule.dataset)
        key = _Key(rule.changed, sample.names, self._indexes.of_scope(scope), self._menus.of_scope(scope))
        known = self._found.get(rule.id)
        if known and all(before is now for before, now in zip(known[0][1:], key[1:], strict=True)) and known[0].changed == rule.changed:
            return known[1]
        found = _content(rule, sample, key)
        self._found[rule.id] = key, found
        return found

    def forget_others(self, rules: Iterable[int]) -> None:
        """Keep the places of these rules alone."""
        for rule in self._found.keys() - set(rules):
            del self._found[rule]


def _content(rule: AlarmRule, sample: OpenSample, key: _Key) -> PlaceContent:
    path = rule.place.encode()
    if rule.place_kind == FOLDER:
        first, last = sample.names.below(path)
        plot = sample.names.find(path) if first == last else None
        return PlaceContent(range(first, last) if plot is None else range(plot, plot + 1), None)
    if rule.place_kind == LAYOUT:
        sources = list(_layout_plots(key.layouts, path))
        if not sources:
            raise NotJudged(f"There is no layout {rule.place}, and no folder of layouts with this name")
        return PlaceContent(_indices(sample.names, sources), [*dict.fromkeys(map(path_text, sources))])
    workspace = key.menu.find(rule.place)
    if workspace is None:
        raise NotJudged(f"There is no workspace {rule.place}")
    return _workspace_content(sample, key.layouts, workspace)


def _layout_plots(index: LayoutIndex, path: bytes) -> Iterator[bytes]:
    """The paths of the MEs of a layout, and of the layouts below this folder."""
    for each in (path, *(ref.path for ref in index.below(path))):
        yield from index.sources(*index.positions(each))


def _workspace_content(sample: OpenSample, index: LayoutIndex, workspace: Workspace) -> PlaceContent:
    quick: list[bytes] = []
    for path in map(str.encode, workspace.quick):
        quick += index.sources(*index.positions(path)) if index.find(path) else [path]
    try:
        parts = parts_of(sample, workspace)
    except InvalidInput as error:
        raise NotJudged(error.message) from None
    found = set(_indices(sample.names, quick)).union(*(part.mes for part in parts))
    return PlaceContent(array("I", sorted(found)), [*dict.fromkeys(map(path_text, quick))])


def _indices(names: MENames, sources: Iterable[bytes]) -> array[int]:
    found = {index for source in set(sources) if (index := names.find(source)) is not None}
    return array("I", sorted(found))
