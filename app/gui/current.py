"""The catalog and the plots of the application that answers the current request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app

if TYPE_CHECKING:
    from app.gui.catalog.catalog import Catalog
    from app.gui.plots.plots import Plots


def current_catalog() -> Catalog:
    """The catalog of this process."""
    found: Catalog = current_app.extensions["catalog"]
    return found


def current_plots() -> Plots:
    """The plots of this process."""
    found: Plots = current_app.extensions["plots"]
    return found
