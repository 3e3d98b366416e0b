"""The control room: commands to the machines of DQM^2 at P5, each with a reason and an entry in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.control import api, views
    from app.control.errors import ControlError
    from app.control.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, ControlError, problem_of)
    app.register_blueprint(views.pages)
    app.register_blueprint(api.blueprint)
