"""DQM^2: the jobs that look at the data of a run while it is taken, as the machines at the experiment report them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.square import api, figures, fragments, jobs, legacy, pins, timeline, views

    fragments.init_app(app)
    app.register_blueprint(views.pages)
    app.register_blueprint(jobs.pages)
    app.register_blueprint(timeline.pages)
    app.register_blueprint(pins.pages)
    for part in (figures, api, legacy):
        app.register_blueprint(part.blueprint)
