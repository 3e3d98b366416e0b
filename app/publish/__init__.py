"""Published data: rendered, redacted, numbered in revisions, signed and sent to public mirrors.

An area publishes through one `PublishedArea` (areas.py) in its declaration: its plan lists pieces, its renderers turn them
into items. This package does not depend on any area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages."""
    from app.publish import views

    app.register_blueprint(views.pages)
