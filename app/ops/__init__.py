"""Operating the hub: health checks, status page, metrics, and the description of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and addresses of this area to the application."""
    from app.ops import disk, health, openapi, status

    for module in (status, health, openapi):
        app.register_blueprint(module.blueprint)
    disk.init_app(app, app.config["HUB"])
