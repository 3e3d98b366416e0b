"""Which paths are those of no monitor element (ME), and the nearest names of these."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.formats import MENames
from app.gui.plots.near_names import NameIndex, near_names


class UnknownNames(NamedTuple):
    """Paths without an ME.

    Attributes:
        near: The nearest names by unknown path.
        compared: Number of names with which paths were compared until all were found; 0 if there are none.
        where: What has these names, for sentences such as "No monitor element of <where> has this path".
    """

    near: Mapping[bytes, list[bytes]]
    compared: int
    where: str


def unknown_in_lists(paths: Collection[bytes], lists: Iterable[Collection[bytes]], where: str) -> UnknownNames:
    """Those of some paths that are in none of several lists, which are read until all paths are found."""
    left, seen = set(paths), set[bytes]()
    for names in lists:
        seen.update(names)
        left -= seen
        if not left:
            break
    if not left or not seen:
        return UnknownNames({}, len(seen), where)
    index = NameIndex(MENames(sorted(seen)))
    return UnknownNames({path: index.near(path) for path in left}, len(seen), where)


def unknown_in_sample(paths: Collection[bytes], names: MENames, where: str) -> UnknownNames:
    """Those of few paths that a sample does not have."""
    return UnknownNames({path: near_names(names, path) for path in paths if names.find(path) is None}, len(names), where)
