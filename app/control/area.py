"""Declaration of the area "Control room"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import control
from app.core.area import Area, MenuItem


def _openapi() -> Mapping[str, Any]:
    from app.control.openapi import PATHS

    return PATHS


AREA = Area(
    name="control",
    title="Control room",
    init_app=control.init_app,
    menu=(MenuItem("Control room", "/control", "operator"),),
    openapi=_openapi,
    jobs="jobs.control",
    roles={
        "control.room": "operator",
        "control.form": "operator",
        "control.submit": "operator",
        "control.command": "operator",
        "control.response_file": "operator",
        "control_api.submit_command": "operator",
        "control_api.list_commands": "operator",
        "control_api.show_command": "operator",
    },
)
