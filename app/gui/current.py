"""The catalog, the plots, the snapshots and the layouts of the application that answers the current request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.gui.catalog.catalog import Catalog
    from app.gui.layouts.layout import Fits, Layout
    from app.gui.layouts.showing.content_cache import LayoutContents
    from app.gui.layouts.showing.fitting import SpecialLayouts
    from app.gui.layouts.showing.index import LayoutIndex, LayoutIndexes, LayoutRef
    from app.gui.layouts.showing.workspaces import WorkspaceMenu, WorkspaceMenus
    from app.gui.plots.plots import Plots
    from app.gui.snapshots.snapshots import Snapshots


def current_catalog() -> Catalog:
    """The catalog of this process."""
    found: Catalog = current_app.extensions["catalog"]
    return found


def current_plots() -> Plots:
    """The plots of this process."""
    found: Plots = current_app.extensions["plots"]
    return found


def current_snapshots() -> Snapshots:
    """The snapshots of ongoing runs for this process."""
    found: Snapshots = current_app.extensions["snapshots"]
    return found


def layout_index(scope: str) -> LayoutIndex:
    """The layouts of a scope that are active now."""
    found: LayoutIndexes = current_app.extensions["layout_indexes"]
    return found.of_scope(scope)


def layout_contents(refs: Iterable[LayoutRef]) -> list[tuple[LayoutRef, Layout]]:
    """These layouts with their contents, in the same order."""
    found: LayoutContents = current_app.extensions["layout_contents"]
    return found.of(refs)


def workspace_menu(scope: str) -> WorkspaceMenu:
    """The workspaces of a scope that are active now."""
    found: WorkspaceMenus = current_app.extensions["workspace_menus"]
    return found.of_scope(scope)


def special_layouts() -> Mapping[int, Fits]:
    """The active layouts that are meant for some runs alone, by the numbers of their arrangements."""
    found: SpecialLayouts = current_app.extensions["special_layouts"]
    return found.fits()
