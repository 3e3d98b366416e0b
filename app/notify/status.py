"""The state of the channels, for the status page and for metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.notify.added_channels import added_problems, all_channels
from app.notify.channels import channel_problems
from app.notify.channels.base import Channel
from app.notify.models import FAILED, PENDING, SENT, Delivery

if TYPE_CHECKING:
    from prometheus_client import Metric

DAY_S = 86400.0


def lines(settings: Settings) -> Iterator[StatusLine]:
    """One line for each channel, and one for settings that do not fit together."""
    for channel in all_channels(settings):
        yield _line(channel)
    if problems := [*channel_problems(settings), *added_problems(settings)]:
        yield StatusLine("notification channels", "warn", " ".join(problems))


def _line(channel: Channel) -> StatusLine:
    """The deliveries of the last day; the age is that of the last one that was sent."""
    now = time.time()
    today = Delivery.channel == channel.name, Delivery.changed > now - DAY_S
    counts = dict(rows(Delivery.select(Delivery.state, fn.COUNT(Delivery.id)).where(*today).group_by(Delivery.state)))
    attempted = Delivery.select().where(*today, Delivery.state.in_((SENT, FAILED)) | (Delivery.attempts > 0))
    last = attempted.order_by(Delivery.changed.desc()).first()
    ((sent,),) = rows(Delivery.select(fn.MAX(Delivery.changed)).where(*today, Delivery.state == SENT))
    is_failing = last is not None and last.state != SENT
    return StatusLine(
        f"notifications by {channel.name}",
        "warn" if is_failing else "ok" if last else "idle",
        "last 24 h: " + (", ".join(f"{counts[state]} {state}" for state in sorted(counts)) or "none"),
        None if sent is None else max(now - sent, 0.0),
        last.detail if last and is_failing else "",
    )


def metrics(settings: Settings) -> Iterator[Metric]:
    """Deliveries of each channel by state, and how long the oldest one has been pending."""
    now, deliveries, pending = time.time(), [], []
    for channel in all_channels(settings):
        ours = Delivery.channel == channel.name
        by_state = rows(Delivery.select(Delivery.state, fn.COUNT(Delivery.id)).where(ours).group_by(Delivery.state))
        deliveries += [({"channel": channel.name, "state": state}, count) for state, count in by_state]
        ((since,),) = rows(Delivery.select(fn.MIN(Delivery.since)).where(ours, Delivery.state == PENDING))
        pending.append(({"channel": channel.name}, 0.0 if since is None else max(now - since, 0.0)))
    yield gauge("dqmhub_notification_deliveries", "Deliveries by channel and state", deliveries)
    yield gauge("dqmhub_notification_pending_seconds", "Time that the oldest delivery has been pending", pending)
