"""What public mirrors get: rendered, redacted, numbered in revisions, signed and sent.

An area publishes by one `PublishedArea` (areas.py), which its declaration names: its plan lists pieces, its renderers make
items of them. This package knows no area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Add the pages."""
    from app.publish import views

    app.register_blueprint(views.pages)
