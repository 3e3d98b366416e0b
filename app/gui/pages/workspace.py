"""The page of a workspace: its quick collection, then its folders; or the report summaries of all subsystems."""

from __future__ import annotations

from flask import Response, make_response, redirect

from app.core.zones import ZONES
from app.gui.catalog.catalog import OpenSample
from app.gui.current import layout_index, workspace_menu
from app.gui.layouts.scopes import scope_of
from app.gui.layouts.workspace import Workspace
from app.gui.layouts.workspaces import shown_kind
from app.gui.pages.frame import frame_of_request
from app.gui.pages.run_info import run_info
from app.gui.pages.subsystem_summary import DOUBTFUL, LABELLED, subsystem_summaries
from app.gui.pages.workspace_menu import workspace_address, workspace_of, workspace_root
from app.gui.view import TILE_SIZES, View
from app.web import is_fragment, page

SUMMARIES = ("quality", "summary")
"""Kinds of workspaces with the report summaries; `summary` has no maps."""


def workspace_response(sample: OpenSample, view: View) -> Response | None:
    """The page of the workspace of a view; None where the view shows a folder or search as without workspace."""
    workspace = None if view.is_search else workspace_of(view)
    if workspace is None:
        return None
    root = workspace_root(workspace)
    if root and not (view.folder + b"/").startswith(root + b"/"):
        return make_response(redirect(view.replace(folder=root).address))
    if view.folder:
        return None
    if shown_kind(workspace) in SUMMARIES:
        return _summary_page(sample, view, workspace)
    return None


def _summary_page(sample: OpenSample, view: View, workspace: Workspace) -> Response:
    scope = scope_of(view.key.dataset)
    summaries, absent = subsystem_summaries(sample, view, layout_index(scope))
    named = {each.name: workspace_address(view, each.name) for each in workspace_menu(scope).workspaces}
    return page(
        "gui/summary.html",
        "gui/summary_fragment.html",
        summaries=summaries,
        absent=absent,
        named=named,
        labels=LABELLED,
        doubtful=DOUBTFUL,
        table_alone=shown_kind(workspace) == "summary",
        tile_size=TILE_SIZES[view.size],
        zones=[(name, view.replace(tz=name).address, name == view.tz) for name in ZONES],
        run_info=None if is_fragment() else run_info(sample, view),
        **frame_of_request(view, sample),
    )
