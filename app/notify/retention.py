"""Removal of old notifications."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.core.database import rows
from app.notify.models import Delivery, MaintenanceWindow, Notification

DAY_S = 86400.0

BATCH = 500
"""Notifications removed in one step."""


def remove_old(days: int, report: Callable[[int], object]) -> int:
    """Remove older notifications and maintenance windows; returns their number.

    Args:
        days: Age from which they are removed.
        report: Called after each step with the number so far.
    """
    before, removed = time.time() - days * DAY_S, 0
    old = Notification.select(Notification.id).where(Notification.detected < before).order_by(Notification.id).limit(BATCH)
    while batch := [number for (number,) in rows(old)]:
        Delivery.delete().where(Delivery.notification.in_(batch)).execute()
        removed += Notification.delete().where(Notification.id.in_(batch)).execute()
        report(removed)
    return removed + int(MaintenanceWindow.delete().where(MaintenanceWindow.ends < before).execute())
