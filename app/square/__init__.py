"""DQM^2: the jobs that process the data of a run at the experiment, as the hosts there report them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.square.api import hidden_runs as hidden_runs_api
    from app.square.api import legacy, v1
    from app.square.errors import SquareError
    from app.square.pages import figures, hidden_runs, jobs, logs, pins, timeline, views
    from app.square.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, SquareError, problem_of)
    for module in (views, jobs, logs, timeline, pins, hidden_runs):
        app.register_blueprint(module.pages)
    for part in (figures, v1, hidden_runs_api, legacy):
        app.register_blueprint(part.blueprint)
