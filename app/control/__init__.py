"""The control room: commands to the machines of DQM^2 at P5, each with a reason and a row in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.control import api, views

    app.register_blueprint(views.pages)
    app.register_blueprint(api.blueprint)
