"""Declaration of the area "Walls"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import wall
from app.core.area import Area, CliCommand, HelpTopic
from app.wall.settings import WallSettings
from app.wall.text_panel import TEXT


def _help() -> Mapping[str, Any]:
    from app.wall.panels import panels

    return {"panels": panels()}


AREA = Area(
    name="wall",
    title="Walls",
    init_app=wall.init_app,
    commands={"wall": CliCommand("app.cli.wall", "Data")},
    settings=WallSettings,
    help=(HelpTopic("wall", "Walls", "wall/help.html", _help),),
    wall_panels=(TEXT,),
    roles={
        "walls.wall": "public",  # networks of the setting need no account; for others the view checks the role viewer
        "walls.picture": "public",
        "walls.wall_list": "viewer",
        "wall_forms.new": "operator",
        "wall_forms.add": "operator",
        "wall_forms.edit": "operator",
        "wall_forms.save": "operator",
        "wall_forms.delete": "operator",
    },
)
