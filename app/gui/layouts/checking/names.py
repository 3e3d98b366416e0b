"""Finds paths without a monitor element (ME), and the names nearest to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.formats import MENames
from app.gui.plots.near_names import NameIndex


class UnknownNames(NamedTuple):
    """Paths without an ME.

    Attributes:
        near: The nearest names by unknown path.
        folders: Those unknown paths that are folders of MEs.
        compared: Number of names with which paths were compared until all were found; 0 if there are none.
        where: Source of the names, for sentences such as "No monitor element of <where> is at this path".
    """

    near: Mapping[bytes, list[bytes]]
    compared: int
    where: str
    folders: Collection[bytes] = ()


def unknown_in_lists(paths: Collection[bytes], lists: Iterable[Collection[bytes]], where: str) -> UnknownNames:
    """The paths that are in none of the lists; lists are read until all paths are found."""
    left, seen = set(paths), set[bytes]()
    for names in lists:
        seen.update(names)
        left -= seen
        if not left:
            break
    return _unknown(left, MENames(sorted(seen)) if left else MENames([]), len(seen), where)


def unknown_in_sample(paths: Collection[bytes], names: MENames, where: str) -> UnknownNames:
    """The paths that a sample does not have."""
    return _unknown([path for path in paths if names.find(path) is None], names, len(names), where)


def _unknown(paths: Collection[bytes], names: MENames, compared: int, where: str) -> UnknownNames:
    """The unknown paths with the nearest of these names."""
    if not paths or not compared:
        return UnknownNames({}, compared, where)
    index = NameIndex(names)
    folders = {path for path in paths if names.below(path)[0] < names.below(path)[1]}
    return UnknownNames({path: [] if path in folders else index.near(path) for path in paths}, compared, where, folders)
