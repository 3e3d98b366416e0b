"""Notices: who is told, by which channel, that a run began or ended, a job crashed or is stuck, a host is silent.

`detection` looks at what happened and enters each event once, with one delivery for each channel that is to tell it;
`delivery` does the deliveries of one channel, in a loop of its own, so that no channel waits for another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages."""
    from app.notify import views

    app.register_blueprint(views.pages)
