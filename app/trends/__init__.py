"""Trends: one number for each run from a histogram, over years."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.trends.api import golden as golden_api
    from app.trends.api import groups as groups_api
    from app.trends.api import legacy, v1
    from app.trends.custom import views as requested
    from app.trends.errors import TrendError
    from app.trends.lumis import views as lumis
    from app.trends.pages import downloads, full_screen, golden, groups, kept_configs, old_links, point, rules, trends
    from app.trends.problems import problem_of
    from app.trends.strips import views as strips
    from app.web.errors import map_errors

    map_errors(app, TrendError, problem_of)
    shown = (trends, old_links, downloads, full_screen, point, groups, rules, golden, requested, kept_configs, lumis, strips)
    for module in (*shown, groups_api, golden_api, v1, legacy):
        app.register_blueprint(module.blueprint)
