"""Which layouts and workspaces are meant for a type of runs and a beam."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import rows
from app.gui.layouts.contents import content_of
from app.gui.layouts.index import LayoutIndex, LayoutRef
from app.gui.layouts.layout import FOR_ALL, Fits
from app.gui.layouts.models import LAYOUT, Arrangement, ArrangementVersion
from app.gui.layouts.workspaces import WorkspaceMenu


class FittingCandidate(NamedTuple):
    """A layout or workspace that can be opened."""

    path: str  # of the layout, or name of the workspace
    is_workspace: bool
    fits: Fits

    def precision(self, key: str, beam: str) -> int:
        """How many of the type of runs and the beam it names."""
        return sum(
            bool(value) and value.lower() in map(str.lower, named) for value, named in ((key, self.fits.keys), (beam, self.fits.beams))
        )


def candidates(index: LayoutIndex, menu: WorkspaceMenu, inside: str) -> list[FittingCandidate]:
    """What can be meant by a name: a layout or a folder of layouts, a workspace with its quick collection, or a category of workspaces.

    For no name they are all layouts and workspaces that are not meant for all runs.
    """
    special = _special_layouts()
    if not inside:
        layouts = [ref for ref in index.below(b"") if ref.arrangement in special]
        workspaces = [each for each in menu.workspaces if each.fits != FOR_ALL]
    else:
        path = inside.encode(errors="surrogatepass")
        workspaces = [each for each in menu.workspaces if inside.lower() in (each.name.lower(), each.category.lower())]
        quick = (entry for each in workspaces if each.name.lower() == inside.lower() for entry in each.quick)
        found = (index.find(path), *index.below(path), *(index.find(entry.encode(errors="surrogatepass")) for entry in quick))
        layouts = list(dict.fromkeys(filter(None, found)))
    return [*(FittingCandidate(each.name, True, each.fits) for each in workspaces), *(_candidate(ref, special) for ref in layouts)]


def best_fitting(among: list[FittingCandidate], key: str, beam: str) -> list[FittingCandidate]:
    """Those that fit runs of a type and beam; if some name the type or beam, only those that name most of them."""
    fitting = [each for each in among if each.fits.fits(key, beam)]
    best = max((each.precision(key, beam) for each in fitting), default=0)
    return [each for each in fitting if each.precision(key, beam) == best]


def _candidate(ref: LayoutRef, special: dict[int, Fits]) -> FittingCandidate:
    return FittingCandidate(ref.path.decode(errors="surrogatepass"), False, special.get(ref.arrangement, FOR_ALL))


def _special_layouts() -> dict[int, Fits]:
    """For which runs those active layouts are meant that are not meant for all, by the number of the arrangement."""
    version = ArrangementVersion
    query = version.select(Arrangement.id, version.document).join(
        Arrangement, on=(Arrangement.id == version.arrangement) & (Arrangement.active == version.number)
    )
    names_some = version.document.contains('"keys":') | version.document.contains('"beams":')
    return {number: content_of(LAYOUT, text).fits for number, text in rows(query.where(Arrangement.kind == LAYOUT, names_some))}
