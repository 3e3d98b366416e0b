"""Declaration of the area "Home and help"."""

from __future__ import annotations

from app import home
from app.core.area import Area

AREA = Area(
    name="home",
    title="Home and help",
    init_app=home.init_app,
    roles={
        "home.index": "viewer",
        "home.datasets": "viewer",
        "home.help_page": "viewer",
        "home.help_topic": "viewer",
        "home.report": "viewer",
    },
)
