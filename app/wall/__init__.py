"""Walls: pages for screens in the control room, with panels of all areas, which people read from far away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages of walls."""
    from app.wall import problems
    from app.wall.errors import WallError
    from app.wall.pages import editing, views
    from app.web.errors import map_errors

    map_errors(app, WallError, problems.problem_of)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(editing.blueprint)
