"""Names of monitor elements (MEs) that are similar to one that does not exist, by edit distance, in which two swapped letters are one edit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.formats import MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.errors import UnknownElement

MAX_CANDIDATES = 5000
"""Names that are compared at once: a comparison takes less than a microsecond."""

MAX_NAMES = 3

MAX_EDITS_ELSEWHERE = 3
"""Edit distance of similar names in other folders, which are compared with the names of all folders."""


def near_names(names: MENames, path: bytes) -> list[bytes]:
    """At most MAX_NAMES paths of MEs, the nearest first: similar names in the same folder, and the same name in other folders."""
    folder, _, name = path.rpartition(b"/")
    elsewhere = names.search([_text(name)], MAX_CANDIDATES) if name else []
    same = (index for index in elsewhere if names[index].rpartition(b"/")[2].lower() == name.lower())
    return _nearest(names, path, [*_siblings(names, folder, name), *same])


class NameIndex:
    """The names of many MEs, for the near names of many that do not exist. Takes about 300 bytes for each name."""

    def __init__(self, names: MENames) -> None:
        self.names = names
        self._paths: defaultdict[str, list[int]] = defaultdict(list)  # indices of names by their last parts, in lower case
        for index in range(len(names)):
            self._paths[_last(names[index]).lower()].append(index)
        self._lasts = sorted(self._paths, key=len)
        self._siblings = lru_cache(64)(lambda folder: {_last(names[index]): index for index in names.folder(folder).mes})
        self._similar_lasts = lru_cache(1024)(self._find_similar_lasts)

    def near(self, path: bytes) -> list[bytes]:
        """As `near_names`; if there are none, similar names in similar folders."""
        folder, _, name = path.rpartition(b"/")
        siblings = self._siblings(folder)
        found = [siblings[last] for last in _similar(_text(name), [*siblings], _allowed(_text(name)))]
        found += self._paths.get(_text(name).lower(), [])
        if not found:
            elsewhere = [index for last in self._similar_lasts(_text(name).lower()) for index in self._paths[last]]
            return _nearest(self.names, path, elsewhere, len(_text(path)) // 2)
        return _nearest(self.names, path, found)

    def _find_similar_lasts(self, name: str) -> list[str]:
        allowed = min(_allowed(name), MAX_EDITS_ELSEWHERE)
        first = bisect_left(self._lasts, len(name) - allowed, key=len)
        return _similar(name, self._lasts[first : bisect_right(self._lasts, len(name) + allowed, key=len)], allowed)


def unknown_element(sample: OpenSample, path: bytes) -> UnknownElement:
    """The error about an ME that a sample does not have."""
    near = ", ".join(_text(name) for name in near_names(sample.names, path))
    return UnknownElement(f"There is no monitor element {_text(path)} in {sample.key}" + (f"; similar names: {near}" if near else ""))


def _siblings(names: MENames, folder: bytes, name: bytes) -> list[int]:
    siblings = {_last(names[index]): index for index in islice(names.folder(folder).mes, MAX_CANDIDATES)}
    return [siblings[last] for last in _similar(_text(name), [*siblings], _allowed(_text(name)))]


def _nearest(names: MENames, path: bytes, indices: Iterable[int], allowed: int | None = None) -> list[bytes]:
    candidates = [names[index] for index in islice(dict.fromkeys(indices), MAX_CANDIDATES)]
    texts = [_text(candidate) for candidate in candidates]
    found = process.extract(_text(path), texts, scorer=OSA.distance, limit=MAX_NAMES, score_cutoff=allowed)
    return [candidates[place] for _, _, place in found]


def _similar(name: str, candidates: Sequence[str], allowed: int) -> list[str]:
    found = process.extract(name, candidates, scorer=OSA.distance, limit=MAX_NAMES, score_cutoff=allowed)
    return [text for text, _, _ in found]


def _allowed(name: str) -> int:
    """The largest edit distance of a similar name: a third of its letters."""
    return (len(name) + 1) // 3


def _last(path: bytes) -> str:
    return _text(path.rpartition(b"/")[2])


def _text(name: bytes) -> str:
    return name.decode(errors="replace")
