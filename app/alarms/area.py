"""Declaration of the area "Alarms"."""

from __future__ import annotations

from app import alarms
from app.core.area import Area

AREA = Area(name="alarms", title="Alarms", init_app=alarms.init_app)
