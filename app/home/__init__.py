"""The home page, help, the report of a problem, and the status of the services."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages, and what all pages of the product share."""
    from app.home import frame, openapi, status, views

    frame.init_app(app)
    app.register_blueprint(views.pages)
    app.register_blueprint(status.blueprint)
    app.register_blueprint(openapi.blueprint)
