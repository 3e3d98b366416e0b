"""Declaration of the area "File transfer"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import transfers
from app.core.area import Area
from app.transfers.settings import TransfersSettings


def _openapi() -> Mapping[str, Any]:
    from app.transfers.api.openapi import PATHS

    return PATHS


AREA = Area(
    name="transfers",
    title="File transfer",
    init_app=transfers.init_app,
    openapi=_openapi,
    settings=TransfersSettings,
    roles={
        "transfers_api.receive_report": "public",
        "transfers_api.list_runs": "viewer",
        "transfers_api.show_run": "viewer",
        "transfers_api.list_hosts": "viewer",
    },
)
