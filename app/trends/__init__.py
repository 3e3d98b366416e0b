"""Trends: one number for each run from a histogram, over years."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.trends.api import groups as groups_api
    from app.trends.errors import TrendError
    from app.trends.pages import groups, trends
    from app.trends.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, TrendError, problem_of)
    app.register_blueprint(trends.blueprint)
    app.register_blueprint(groups.blueprint)
    app.register_blueprint(groups_api.blueprint)
