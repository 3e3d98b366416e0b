"""Facts of runs, as OMS and the Run Registry have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the API and the page."""
    from app.runs import api, page

    app.register_blueprint(api.blueprint)
    app.register_blueprint(page.blueprint)
