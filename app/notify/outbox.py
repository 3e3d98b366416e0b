"""What operators do with deliveries: send failed ones again, and test a channel."""

from __future__ import annotations

import time
from secrets import token_hex

from app.core.counters import advance
from app.core.database import proxy
from app.core.event_sources import event_systems
from app.core.settings import Settings
from app.notify.added_channels import all_channels
from app.notify.channels.base import Channel
from app.notify.detection import enqueue
from app.notify.errors import OutdatedRequest, UnknownChannel
from app.notify.models import COUNTER, FAILED, NOTIFIED, PENDING, TEST, Delivery, Notification
from app.security.audit_log import audit


def channel_named(settings: Settings, name: str) -> Channel:
    """A channel that is configured. Raises UnknownChannel."""
    found = {channel.name: channel for channel in all_channels(settings)}
    if name not in found:
        raise UnknownChannel(name, list(found))
    return found[name]


def resend(settings: Settings, number: int) -> None:
    """Queue a failed delivery again. Raises OutdatedRequest, UnknownChannel."""
    now = time.time()
    change = {"state": PENDING, "attempts": 0, "since": now, "not_before": now, "changed": now}
    with proxy.atomic():
        advance(COUNTER)
        if not Delivery.update(change).where(Delivery.id == number, Delivery.state == FAILED).execute():
            raise OutdatedRequest("Only failed deliveries can be sent again; this one has not failed, or was removed")
        row = Delivery.get_by_id(number)
        channel_named(settings, row.channel)
        audit("resend notification", f"{row.channel}: {row.notification.title}")


def send_test(settings: Settings, name: str, user: str) -> None:
    """Queue a test notification by a channel; quiet hours do not hold it back. Raises UnknownChannel."""
    now = time.time()
    with proxy.atomic():
        advance(COUNTER)
        channel = channel_named(settings, name)
        row = Notification.create(
            event=f"test-{token_hex(10)}",
            system=next(iter(event_systems()), ""),
            kind=TEST,
            key="",
            subject="test",
            at=now,
            detected=now,
            outcome=NOTIFIED,
            title=f"Test of {settings.instance_name}",
            text=f"{user} is testing this channel. Nothing happened.",
        )
        enqueue(row, channel, now)
        audit("test notification channel", channel.name)
