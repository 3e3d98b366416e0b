"""Selects the layouts and workspaces for a run type and a beam."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from app.core.counters import version_of
from app.core.database import rows
from app.gui.layouts.contents import content_of
from app.gui.layouts.layout import FOR_ALL, Fits
from app.gui.layouts.models import COUNTER, LAYOUT, Arrangement, ArrangementVersion
from app.gui.layouts.showing.index import LayoutIndex, LayoutRef
from app.gui.layouts.showing.workspaces import WorkspaceMenu
from app.gui.layouts.workspace import Workspace


class FittingCandidate(NamedTuple):
    """A layout or workspace that can be opened."""

    path: str  # of the layout, or name of the workspace
    is_workspace: bool
    fits: Fits
    is_named: bool  # whether it is what was asked for, not only something of it

    def precision(self, key: str, beam: str) -> int:
        """Number of matches: 1 for the run type, 1 for the beam."""
        return sum(
            bool(value) and value.lower() in map(str.lower, named) for value, named in ((key, self.fits.keys), (beam, self.fits.beams))
        )


class SpecialLayouts:
    """The active layouts that are meant for some runs alone, in the memory of one process."""

    def __init__(self) -> None:
        self._version = 0  # of COUNTER, that `_fits` has
        self._fits: dict[int, Fits] = {}
        self._lock = threading.Lock()

    def fits(self) -> Mapping[int, Fits]:
        """For which runs each is meant, by the number of the arrangement, with all that is active now."""
        version = version_of(COUNTER)  # before the queries, so that no change is left out
        with self._lock:
            if self._version < version:
                changed = rows(Arrangement.select(Arrangement.id).where(Arrangement.kind == LAYOUT, Arrangement.changed > self._version))
                others = self._fits.keys() - {number for (number,) in changed}
                self._fits = {number: self._fits[number] for number in others} | _special_layouts(self._version)
                self._version = version
            return self._fits


def candidates(index: LayoutIndex, menu: WorkspaceMenu, special: Mapping[int, Fits], inside: str) -> list[FittingCandidate]:
    """What can be meant by a name, in either case: a workspace, a layout; what is in a folder, in a quick collection, or in a category.

    For no name they are all layouts and workspaces that are not meant for all runs.

    Args:
        index: Layouts of a scope.
        menu: Its workspaces.
        special: For which runs layouts are meant, by their numbers; those that it lacks are for all.
        inside: Path of a layout or folder, name of a workspace or category.
    """
    if not inside:
        workspaces = [each for each in menu.workspaces if each.fits != FOR_ALL]
        layouts = [ref for ref in index.below(b"") if ref.arrangement in special]
        return [*(_workspace(each) for each in workspaces), *(_layout(ref, special) for ref in layouts)]
    named, path = menu.find(inside), _path_in(index, inside)
    workspaces = [each for each in menu.workspaces if each is named or each.category.lower() == inside.lower()]
    quick = [index.find(entry.encode(errors="surrogatepass")) for entry in named.quick] if named else []
    layouts = list(dict.fromkeys(filter(None, (index.find(path), *index.below(path), *quick))))
    return [
        *(_workspace(each, is_named=each is named) for each in workspaces),
        *(_layout(ref, special, is_named=ref.path == path) for ref in layouts),
    ]


def best_fitting(among: list[FittingCandidate], key: str, beam: str) -> list[FittingCandidate]:
    """Those that fit a run type and beam; if some name the type or the beam, only those with the most matches.

    Among equally good ones, the one with the requested name is preferred, and a workspace to a layout.
    """
    fitting = [each for each in among if each.fits.fits(key, beam)]
    precision = max((each.precision(key, beam) for each in fitting), default=0)
    best = [each for each in fitting if each.precision(key, beam) == precision]
    return [each for each in best if each.is_named][:1] or best


def _workspace(workspace: Workspace, *, is_named: bool = False) -> FittingCandidate:
    return FittingCandidate(workspace.name, True, workspace.fits, is_named)


def _layout(ref: LayoutRef, special: Mapping[int, Fits], *, is_named: bool = False) -> FittingCandidate:
    return FittingCandidate(ref.path.decode(errors="surrogatepass"), False, special.get(ref.arrangement, FOR_ALL), is_named)


def _path_in(index: LayoutIndex, typed: str) -> bytes:
    """The path of a layout or folder as it is written; the case of letters, and blanks at the ends of names, may be others."""
    path = b""
    for name in typed.encode(errors="surrogatepass").split(b"/"):
        folder = index.folder(path)
        names = [*(each.name for each in folder.subfolders), *(ref.name for ref in folder.layouts)]
        found = name if name in names else next((each for each in names if each.strip().lower() == name.strip().lower()), name)
        path = path + b"/" + found if path else found
    return path


def _special_layouts(after: int) -> dict[int, Fits]:
    """Those among the layouts that changed after a version of COUNTER."""
    version = ArrangementVersion
    query = version.select(Arrangement.id, version.document).join(
        Arrangement, on=(Arrangement.id == version.arrangement) & (Arrangement.active == version.number)
    )
    names_some = version.document.contains('"keys":') | version.document.contains('"beams":')
    found = rows(query.where(Arrangement.kind == LAYOUT, Arrangement.changed > after, names_some))
    fits = {number: content_of(LAYOUT, text).fits for number, text in found}
    return {number: each for number, each in fits.items() if each != FOR_ALL}
