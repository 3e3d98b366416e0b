"""The folders of a workspace for its template, with the plots that belong to it without their folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.errors import InvalidInput
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.index import LayoutIndex, LayoutSubfolder
from app.gui.layouts.showing.workspace_folders import WorkspacePart, part_failing, parts_of
from app.gui.layouts.workspace import Workspace
from app.gui.pages.compare import LegendEntry
from app.gui.pages.layout_tiles import LayoutTile, layout_tiles
from app.gui.pages.listing import FolderLink, list_view
from app.gui.pages.workspaces.quick_collection import chosen_tiles
from app.gui.view import View


class WorkspaceFolders(NamedTuple):
    """What a workspace shows below its quick collection."""

    folders: list[FolderLink]
    plots: list[LayoutTile]
    absent: list[str]  # folders of the workspace that neither the sample nor a layout has
    layouts: str  # address of the folder of its layouts, or ""
    layout_count: int  # plots in the layouts below it
    problem: str  # why its folders cannot be chosen, or ""


def folder_list(sample: OpenSample, view: View, workspace: Workspace, legend: Sequence[LegendEntry]) -> WorkspaceFolders:
    """The folders of a workspace on a sample, with what fails in them, and its plots compared with the references of `legend`."""
    index = layout_index(scope_of(view.key.dataset))
    try:
        parts, problem = parts_of(sample, workspace), ""
    except InvalidInput as error:
        parts, problem = [], error.message
    is_everything = [part.path for part in parts] == [b""]
    links = (
        list_view(sample, view, (0, 0)).folders
        if is_everything
        else [_link(sample, view, index, part) for part in parts if not part.is_plot]
    )
    root = f"{workspace.name}/Layouts" if workspace.layouts is None or workspace.layouts == "" else workspace.layouts
    layouts = _subfolder(index, root.encode(errors="surrogatepass"))
    return WorkspaceFolders(
        [
            link
            for link in links
            if (link.me_count or link.plot_count) and (view.only != "failing" or link.errors or link.warnings or link.invalid)
        ],
        chosen_tiles(layout_tiles(sample, view, [part.path for part in parts if part.is_plot], legend), view),
        [link.name for link in links if not (link.me_count or link.plot_count)],
        view.of_folder(root.encode(errors="surrogatepass")).address if layouts else "",
        layouts.plots if layouts else 0,
        problem,
    )


def _link(sample: OpenSample, view: View, index: LayoutIndex, part: WorkspacePart) -> FolderLink:
    layouts, counts = _subfolder(index, part.path), part_failing(sample, part)
    if layouts and not any(counts):
        counts = index.failing_counts(sample, layouts.first, layouts.last)
    return FolderLink(text(part.path), view.of_folder(part.path).address, len(part.mes), layouts.plots if layouts else 0, *counts)


def _subfolder(index: LayoutIndex, path: bytes) -> LayoutSubfolder | None:
    """The folder with layouts of this path."""
    parent, _, name = path.rpartition(b"/")
    return next((each for each in index.folder(parent).subfolders if each.name == name), None)
