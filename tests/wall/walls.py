"""Documents of walls, and pages of one panel."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.wall.definition import parse_wall
from app.wall.store import save_wall
from tests.gui.pages.pages import read


def document(**changes: Any) -> dict[str, Any]:
    """A wall with two tabs of texts."""
    panels = [{"kind": "text", "title": "On shift", "width": 2, "height": 1, "options": {"text": "Ann\nBob"}}]
    tabs = [
        {"title": "Now", "seconds": 10, "columns": 2, "rows": 2, "panels": panels},
        {"title": "Later", "seconds": 600, "columns": 1, "rows": 1, "panels": [{"kind": "text", "options": {"text": "Tomorrow"}}]},
    ]
    return {"name": "shift", "title": "Shift crew", "tabs": tabs} | changes


def show(app: Flask, kind: str, **options: Any) -> str:
    """The page of a wall with this panel alone."""
    with app.app_context():
        save_wall(parse_wall(document(tabs=[document()["tabs"][1] | {"panels": [{"kind": kind, "options": options}]}])))
    return read(app.test_client(), "/wall/shift")
