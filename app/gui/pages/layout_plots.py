"""Plots of layouts by the paths that the newer front end of the legacy DQM GUI gives them: the folder of the layout and the name of the ME."""

from __future__ import annotations

from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutRef
from app.gui.view import View


def found_in_layouts(sample: OpenSample, view: View) -> View:
    """The view with the monitor elements (MEs) that are meant by paths which the sample lacks, also in marks and references."""
    paths = {view.plot, *view.marks, *(each.path for each in view.references)} - {b""}
    missing = [path for path in paths if sample.names.find(path) is None]
    if not missing:
        return view
    index = layout_index(scope_of(view.key.dataset))
    found = {path: plot for path in missing if (plot := _find(sample, index, path))}
    mes = {path: me for path, (_, me) in found.items()}
    if view.plot in found:
        view = view.replace(folder=found[view.plot][0].path, plot=mes[view.plot])
    return view.replace(
        marks=tuple(dict.fromkeys(mes.get(path, path) for path in view.marks)),
        references=tuple(each._replace(path=mes.get(each.path, each.path)) for each in view.references),
    )


def _find(sample: OpenSample, index: LayoutIndex, path: bytes) -> tuple[LayoutRef, bytes] | None:
    """The first layout in the folder of a path with an ME of its name that the sample has, and the path of this ME."""
    folder, _, name = path.rpartition(b"/")
    sources = ((ref, source) for ref in index.folder(folder).layouts for source in index.sources(*index.positions(ref.path)))
    named = ((ref, source) for ref, source in sources if source.rpartition(b"/")[2] == name)
    return next((plot for plot in named if sample.names.find(plot[1]) is not None), None)
