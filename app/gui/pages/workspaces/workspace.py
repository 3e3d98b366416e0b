"""The page of a workspace: its quick collection, then its folders; or the summaries of all subsystems."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, make_response, redirect, url_for

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index
from app.gui.layouts.editing.rights import may_change
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.showing.workspaces import SUMMARY_FOLDER, shown_kind
from app.gui.layouts.workspace import Workspace
from app.gui.pages.compare import compare_context, legend_of
from app.gui.pages.frame import frame_of_request
from app.gui.pages.marked import marks_context
from app.gui.pages.only_choices import only_choices
from app.gui.pages.run_info import run_info
from app.gui.pages.workspace_menu import menu_of, workspace_of, workspace_root
from app.gui.pages.workspaces.quick_collection import quick_collection
from app.gui.pages.workspaces.subsystem_summary import SHARES, summary_context
from app.gui.pages.workspaces.workspace_folders import folder_list
from app.gui.view import TILE_SIZES, View
from app.web import is_fragment, page


def workspace_response(sample: OpenSample, view: View) -> Response | None:
    """The page of the workspace of a view; None where the view shows a folder or search as without workspace."""
    workspace = None if view.is_search else workspace_of(view)
    if workspace is None:
        return None
    root = workspace_root(workspace)
    if root:
        if _exists(sample, root) and not (view.folder + b"/").startswith(root + b"/"):
            return make_response(redirect(view.replace(folder=root).address))
        workspace = replace(workspace, folders=(text(root),))
    if view.folder == SUMMARY_FOLDER.encode() and shown_kind(workspace) == "quality":
        return make_response(redirect(view.replace(folder=b"").address))
    if view.folder:
        return None
    if shown_kind(workspace) in SHARES:
        return _summary_page(sample, view, workspace)
    return _collection_page(sample, view, workspace)


def _exists(sample: OpenSample, folder: bytes) -> bool:
    """Whether the sample or a layout has this folder."""
    first, last = sample.names.below(folder)
    return first < last or bool(layout_index(scope_of(sample.key.dataset)).below(folder))


def _collection_page(sample: OpenSample, view: View, workspace: Workspace) -> Response | None:
    """The quick collection and the folders; None for a workspace of all folders without a quick collection."""
    if not workspace.quick and workspace.folders == () and not workspace.match:
        return None
    legend = legend_of(view)
    return page(
        "gui/workspace.html",
        "gui/workspace_fragment.html",
        workspace=workspace,
        detail=url_for("layouts.detail", number=menu_of(view).numbers[workspace.name]),
        can_change=may_change("", workspace.name),
        quick=quick_collection(sample, view, workspace, legend),
        folders=folder_list(sample, view, workspace, legend),
        sizes=[(name, view.replace(size=name).address, name == view.size) for name in TILE_SIZES],
        tile_size=TILE_SIZES[view.size],
        choices=only_choices(view, sample),
        run_info=None if is_fragment() else run_info(sample, view),
        **frame_of_request(view, sample),
        **compare_context(view, legend),
        **marks_context(view, []),
    )


def _summary_page(sample: OpenSample, view: View, workspace: Workspace) -> Response:
    return page(
        "gui/summary.html",
        "gui/summary_fragment.html",
        run_info=None if is_fragment() else run_info(sample, view),
        **summary_context(sample, view, shown_kind(workspace)),
        **frame_of_request(view, sample),
    )
