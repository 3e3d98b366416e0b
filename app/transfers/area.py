"""Declaration of the area "File transfer"."""

from __future__ import annotations

from app import transfers
from app.core.area import Area
from app.transfers.settings import TransfersSettings

AREA = Area(
    name="transfers",
    title="File transfer",
    init_app=transfers.init_app,
    settings=TransfersSettings,
)
