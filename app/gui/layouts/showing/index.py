"""The index of the active layouts in the memory of one process: their paths and the paths of their plots, without their content.

An index of a scope never changes. After a change of layouts, the next request reads those that changed and makes new indexes of
their scopes; requests that still use an old index keep it.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.core.counters import version_of
from app.core.database import proxy
from app.formats import Columns, MENames
from app.gui.catalog.catalog import OpenSample
from app.gui.layouts.models import COUNTER, LAYOUT, Arrangement, ArrangementPlace
from app.gui.layouts.scopes import SCOPES
from app.gui.layouts.showing.plot_names import PlotNames
from app.gui.quality import FailingCounts, FailingMEs, failing_mes
from app.gui.search_terms import Lists, PatternTerm, Term, TextTerm, find_matches


class LayoutRef(NamedTuple):
    """An active layout."""

    arrangement: int
    version: int  # number of the active version
    path: bytes  # UTF-8

    @property
    def folder(self) -> bytes:
        """The path without the name; b"" at the top."""
        return self.path.rpartition(b"/")[0]

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        return self.path.rpartition(b"/")[2]


class LayoutPlots(NamedTuple):
    """A layout with the paths of the MEs of its plots, in order."""

    ref: LayoutRef
    sources: list[bytes]


class LayoutSubfolder(NamedTuple):
    """A subfolder with layouts. Its plots have the positions from `first` to before `last`."""

    name: bytes
    first: int
    last: int

    @property
    def plots(self) -> int:
        """The number of plots in the layouts below this folder, at any depth."""
        return self.last - self.first


class LayoutFolder(NamedTuple):
    """The direct content of a folder: in byte order of names."""

    subfolders: list[LayoutSubfolder]
    layouts: list[LayoutRef]


class LayoutIndex:
    """The active layouts of a scope, in byte order of their paths. A position is the place of a plot among the plots of all."""

    def __init__(self, entries: Iterable[LayoutPlots] = ()) -> None:
        found = sorted(entries, key=lambda entry: entry.ref.path)
        self._refs = [entry.ref for entry in found]
        self._paths = MENames(ref.path for ref in self._refs)
        self._sources = [source for entry in found for source in entry.sources]
        self._starts = array("I", accumulate((len(entry.sources) for entry in found), initial=0))
        self._by_source = array("I", sorted(range(len(self._sources)), key=self._sources.__getitem__))
        self._folders: dict[bytes, LayoutFolder] = {}  # that were asked for; a page asks for its own several times
        self._by_data: WeakKeyDictionary[MENames, tuple[array[int], array[int]]] = WeakKeyDictionary()
        self._failing: WeakKeyDictionary[Columns, FailingMEs] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._refs)

    @property
    def paths(self) -> MENames:
        """The paths of the layouts; they are searched as those of monitor elements are."""
        return self._paths

    def folder(self, path: bytes) -> LayoutFolder:
        """The content of the folder `path` (b"": the top folder); empty for a folder without layouts. Do not change the result."""
        if found := self._folders.get(path):
            return found
        subfolders, layouts = self._paths.folder(path)
        starts = self._starts
        found = LayoutFolder(
            [LayoutSubfolder(name, starts[first], starts[last]) for name, first, last in subfolders],
            [self._refs[index] for index in layouts],
        )
        if subfolders or layouts:
            self._folders[path] = found
        return found

    def find(self, path: bytes) -> LayoutRef | None:
        """The layout with exactly this path."""
        index = self._paths.find(path)
        return None if index is None else self._refs[index]

    def below(self, path: bytes) -> list[LayoutRef]:
        """The layouts below the folder `path` (b"": all), at any depth."""
        first, last = self._paths.below(path)
        return self._refs[first:last]

    def named(self, name: bytes) -> list[LayoutPlots]:
        """The layouts with this name in any folder; a name with folders before it is the end of the path."""
        end = b"/" + name
        return [self._plots(at) for at, ref in enumerate(self._refs) if ref.path == name or ref.path.endswith(end)]

    def search(self, terms: Sequence[Term], columns: Columns, limit: int, among: Sequence[int] | None = None) -> list[LayoutRef]:
        """The first layouts whose paths match all terms, at most `limit`; none for terms on other properties than the path.

        columns: of any sample; terms on paths do not use them. among: only the layouts with these places in the index, ascending.
        Raises InvalidInput for a search that takes too long.
        """
        if not all(isinstance(term, TextTerm | PatternTerm) for term in terms):
            return []
        return [self._refs[index] for index in find_matches(terms, Lists(self._paths, columns), limit, among)]

    def by_data(self, names: MENames) -> tuple[array[int], array[int]]:
        """The places in the index, ascending, of the layouts with plots of these MEs, and of those without any."""
        if (found := self._by_data.get(names)) is None:
            present = set(self._sources).intersection(names.pack().split(b"\0"))
            found = self._by_data[names] = array("I"), array("I")
            for at, (first, last) in enumerate(pairwise(self._starts)):
                has_data = any(source in present for source in self._sources[first:last])
                found[0 if has_data else 1].append(at)
        return found

    def failing_layouts(self, sample: OpenSample) -> list[int]:
        """The places in the index, ascending, of the layouts with plots whose quality tests fail."""
        return sorted({bisect_right(self._starts, position) - 1 for positions in self._failing_plots(sample) for position in positions})

    def positions(self, path: bytes) -> tuple[int, int]:
        """The position of the first plot of the layout with this path, and that after its last one; both 0 if there is none."""
        index = self._paths.find(path)
        return (0, 0) if index is None else (self._starts[index], self._starts[index + 1])

    def sources(self, first: int, last: int) -> list[bytes]:
        """The paths of the MEs of the plots from position `first` to before `last`."""
        return self._sources[first:last]

    @cached_property
    def names(self) -> PlotNames:
        """The names by which plots are found: those of the ME and of the layout, without folders."""
        layouts = (ref.name for at, ref in enumerate(self._refs) for _ in range(self._starts[at], self._starts[at + 1]))
        return PlotNames(zip((source.rpartition(b"/")[2] for source in self._sources), layouts, strict=True))

    def plots(self, first: int, last: int) -> Iterator[LayoutPlots]:
        """The layouts whose plots are from position `first` to before `last`."""
        at = bisect_left(self._starts, first)
        while at < len(self._refs) and self._starts[at] < last:
            yield self._plots(at)
            at += 1

    def _plots(self, at: int) -> LayoutPlots:
        return LayoutPlots(self._refs[at], self.sources(self._starts[at], self._starts[at + 1]))

    def of_plot(self, me_path: bytes) -> list[LayoutRef]:
        """The layouts with a plot of this ME."""
        found = {bisect_right(self._starts, position) - 1 for position in self._positions_of(me_path)}
        return [self._refs[index] for index in sorted(found)]

    def failing_counts(self, sample: OpenSample, first: int, last: int) -> FailingCounts:
        """The numbers of plots with failing quality tests from position `first` to before `last`."""
        return self._failing_plots(sample).counts(first, last)

    def failing_below(self, sample: OpenSample, path: bytes) -> list[int]:
        """The MEs with failing quality tests that the layout `path`, and those below this folder, show; each once, in no order."""
        first, last = self._paths.below(path)
        ranges = self.positions(path), (self._starts[first], self._starts[last])
        found = {self._sources[at] for each in ranges for at in self._failing_plots(sample).between(*each)}
        return [index for source in found if (index := sample.names.find(source)) is not None]

    def _failing_plots(self, sample: OpenSample) -> FailingMEs:
        """The positions of the plots whose MEs fail in a sample: few, so these are looked up instead of all plots."""
        if (found := self._failing.get(sample.columns)) is None:
            of_mes = failing_mes(sample.columns)
            found = FailingMEs(*(sorted(position for me in mes for position in self._positions_of(sample.names[me])) for mes in of_mes))
            self._failing[sample.columns] = found
        return found

    def _positions_of(self, me_path: bytes) -> Iterator[int]:
        at = bisect_left(self._by_source, me_path, key=self._sources.__getitem__)
        while at < len(self._by_source) and self._sources[self._by_source[at]] == me_path:
            yield self._by_source[at]
            at += 1


class LayoutIndexes:
    """The indexes of all scopes in one process."""

    def __init__(self) -> None:
        self._version = 0  # of COUNTER, that the indexes have
        self._entries: dict[str, dict[int, LayoutPlots]] = {scope: {} for scope in SCOPES}
        self._indexes = {scope: LayoutIndex() for scope in SCOPES}
        self._lock = threading.Lock()

    def of_scope(self, scope: str) -> LayoutIndex:
        """The current index of a scope."""
        version = version_of(COUNTER)
        if self._version < version:
            with self._lock:
                if self._version < version:
                    self._update(version)
        return self._indexes[scope]

    def _update(self, version: int) -> None:
        """Apply the changes since the current version; `version` is the value of COUNTER before the query, so no change is lost."""
        changed, placed = _read_changes(self._version)
        for scope, entries in self._entries.items():
            new = placed[scope]
            if removed := entries.keys() & (changed - new.keys()):
                for arrangement in removed:
                    del entries[arrangement]
            if removed or new:
                entries.update(new)
                self._indexes[scope] = LayoutIndex(entries.values())
        self._version = version


def _read_changes(after: int) -> tuple[set[int], dict[str, dict[int, LayoutPlots]]]:
    """The layouts that changed after a version of COUNTER, and the active ones among them by scope.

    One statement, since layouts may change between two: no two layouts have the same path.
    """
    on_place = (ArrangementPlace.arrangement == Arrangement.id) & ArrangementPlace.scope.in_(SCOPES)
    columns = Arrangement.id, Arrangement.active, Arrangement.plots, ArrangementPlace.scope, ArrangementPlace.path
    query = Arrangement.select(*columns).left_outer_join(ArrangementPlace, on=on_place)
    changed: set[int] = set()
    placed: dict[str, dict[int, LayoutPlots]] = {scope: {} for scope in SCOPES}
    # row by row, since all take 10 MB at the first time
    for arrangement, active, plots, scope, path in proxy.execute(query.where(Arrangement.changed > after, Arrangement.kind == LAYOUT)):
        changed.add(arrangement)
        if scope:
            placed[scope][arrangement] = LayoutPlots(LayoutRef(arrangement, active, path.encode()), _sources(plots))
    return changed, placed


def _sources(plots: str) -> list[bytes]:
    """The paths of the MEs in a value of `Arrangement.plots`, without overlays."""
    return [line.partition("\t")[0].encode() for line in plots.split("\n")] if plots else []
