"""The home page, help, and problem reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages."""
    from app.home import views

    app.register_blueprint(views.pages)
