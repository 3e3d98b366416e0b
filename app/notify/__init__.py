"""Notifications about events: a run began or ended, a job crashed or is stuck, a host is silent.

The path of an event: `detection` queries the event sources of the areas (app/core/events.py), stores each event once, and
queues a delivery for each channel that is subscribed to its kind; `delivery` sends the deliveries of one channel, as a
periodic task of its own, so that no channel waits for another. A channel is a folder in `channels/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages."""
    from app.notify.errors import NotifyError
    from app.notify.pages import channels, events, notifications
    from app.notify.problems import problem_of
    from app.web.errors import map_errors

    map_errors(app, NotifyError, problem_of)
    app.register_blueprint(notifications.pages)
    app.register_blueprint(events.pages)
    app.register_blueprint(channels.pages)
