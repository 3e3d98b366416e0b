"""DQM^2: the jobs that look at the data of a run while it is taken, as the machines at the experiment report them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the API."""
    from app.square.api import events, legacy, v1
    from app.square.control import api as commands
    from app.square.control import views as control
    from app.square.notices import views as notices
    from app.square.outside import views as outside
    from app.square.pages import figures, fragments, jobs, pins, timeline, views

    fragments.init_app(app)
    for room in (views, jobs, timeline, pins, control, notices, outside):
        app.register_blueprint(room.pages)
    for part in (figures, v1, events, legacy, commands):
        app.register_blueprint(part.blueprint)
