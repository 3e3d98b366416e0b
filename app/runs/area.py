"""Declaration of the area "Runs"."""

from __future__ import annotations

from app.core.area import Area
from app.runs.settings import RunsSettings

AREA = Area(
    name="runs",
    title="Runs",
    settings=RunsSettings,
)
