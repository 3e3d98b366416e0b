"""Facts of runs, as OMS and the Run Registry have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the API."""
    from app.runs import api

    app.register_blueprint(api.blueprint)
