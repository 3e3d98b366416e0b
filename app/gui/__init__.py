"""The DQM GUI: the monitor elements of runs and datasets, and their plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API, with one catalog and one set of plots for all threads of this process."""
    from app.formats import remote
    from app.gui.addresses import AnyPath, LegacyServer
    from app.gui.api import legacy, overlays, v1
    from app.gui.catalog.catalog import Catalog
    from app.gui.errors import GuiError
    from app.gui.layouts.showing.content_cache import LayoutContents
    from app.gui.layouts.showing.fitting import SpecialLayouts
    from app.gui.layouts.showing.index import LayoutIndexes
    from app.gui.layouts.showing.workspaces import WorkspaceMenus
    from app.gui.pages import failing, files, layouts, run_summary, short_links, views
    from app.gui.pages.failing_mes import FailingCache
    from app.gui.pages.lumi_series import LumiSeriesCache
    from app.gui.pages.private import my_plots
    from app.gui.pages.workspaces import open_layout
    from app.gui.plots.plots import Plots
    from app.gui.problems import problem_of
    from app.gui.settings import GuiSettings  # not above: the child that reads a file imports this package
    from app.gui.snapshots.snapshots import Snapshots
    from app.web.errors import map_errors

    settings = app.config["HUB"]
    catalog = app.extensions["catalog"] = Catalog(settings)
    app.extensions["layout_indexes"] = LayoutIndexes()
    app.extensions["special_layouts"] = SpecialLayouts()
    app.extensions["layout_contents"] = LayoutContents()
    app.extensions["workspace_menus"] = WorkspaceMenus()
    app.extensions["lumi_series"] = LumiSeriesCache(catalog)
    app.extensions["failing"] = FailingCache(catalog)
    app.extensions["plots"] = Plots(settings)
    app.extensions["snapshots"] = Snapshots(settings)
    gui = settings.of(GuiSettings)
    remote.configure(gui.remote_timeout_s, gui.remote_recheck_s, settings.web_threads // 2 or 1)  # half of the threads stay free
    map_errors(app, GuiError, problem_of)
    app.url_map.converters |= {"path": AnyPath, "server": LegacyServer}
    app.register_blueprint(views.pages)
    for part in (v1, overlays, legacy):
        app.register_blueprint(part.blueprint)
    for page in (failing, files, layouts, my_plots, open_layout, run_summary, short_links):
        app.register_blueprint(page.blueprint)
