"""Alarms: rules on the plots of the DQM GUI, what breaks them, and who has taken notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages of alarms, and their number to all pages."""
    from app.alarms.errors import AlarmError
    from app.alarms.pages import alarms_page, notice_page, open_count, rules_page
    from app.alarms.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, AlarmError, problem_of)
    open_count.init_app(app)
    for blueprint in (alarms_page.pages, rules_page.pages, notice_page.pages):
        app.register_blueprint(blueprint)
