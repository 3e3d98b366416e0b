"""Operating the hub: health checks, status page, metrics, and the description of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages and the addresses for machines."""
    from app.ops import openapi, status

    app.register_blueprint(status.blueprint)
    app.register_blueprint(openapi.blueprint)
