"""Pieces, the units of rendering: a run, its charts, a log; and plans, the pieces that should be published now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple


class PieceKey(NamedTuple):
    """Identity of a piece."""

    kind: str  # selects the renderer
    system: str  # production, playback; all: of no system
    run: int = 0  # 0: of no run
    name: str = ""  # within kind, system and run


Tokens = dict[PieceKey, str]
"""The token of each piece: the version of its data. A piece is rendered again when its token changes."""


class AreaPlan(NamedTuple):
    """The pieces of an area that should be published now; other published pieces are removed."""

    urgent: Tokens  # rendered before the rest of every area, in this order
    rest: Tokens  # in the order of rendering


class PlanIndex:
    """The planned pieces by kind, system and run, so that pages link only to published pages."""

    def __init__(self, keys: Iterable[PieceKey]) -> None:
        self._keys: set[PieceKey] = set()
        self._runs: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._names: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        for key in keys:
            self._keys.add(key)
            if key.run:
                self._runs[key.kind, key.system].append(key.run)
            self._names[key.kind, key.system, key.run].add(key.name)

    def __contains__(self, key: PieceKey) -> bool:
        return key in self._keys

    def runs(self, kind: str, system: str) -> list[int]:
        """The runs with a piece of this kind, one entry for each piece, in the order of the plan."""
        return self._runs.get((kind, system), [])

    def names(self, kind: str, system: str, run: int) -> frozenset[str]:
        """The names of the pieces of this kind in a run."""
        return frozenset(self._names.get((kind, system, run), ()))
