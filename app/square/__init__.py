"""DQM^2: the jobs that process the data of a run at the experiment, as the machines there report them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.square.api import events, legacy, v1
    from app.square.pages import figures, jobs, pins, timeline, views

    for module in (views, jobs, timeline, pins):
        app.register_blueprint(module.pages)
    for part in (figures, v1, events, legacy):
        app.register_blueprint(part.blueprint)
