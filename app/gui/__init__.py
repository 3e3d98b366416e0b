"""The DQM GUI: browse the monitor elements of runs and datasets, and look at their plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API, with one catalog and one set of plots for all threads of this process."""
    from app.gui import api, views
    from app.gui.addresses import AnyPath
    from app.gui.catalog import Catalog
    from app.gui.plots import Plots

    app.extensions["catalog"] = Catalog(app.config["HUB"])
    app.extensions["plots"] = Plots(app.config["HUB"])
    app.url_map.converters["path"] = AnyPath
    app.register_blueprint(views.pages)
    app.register_blueprint(api.blueprint)
