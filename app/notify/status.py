"""How the channels do, for the status page and for metrics; and how long notices are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from peewee import fn

from app.core.area import StatusLine
from app.core.database import rows
from app.core.metrics import gauge
from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.models import FAILED, SENT, WAITING, Delivery, Maintenance, Notice

if TYPE_CHECKING:
    from prometheus_client import Metric

DAY_S = 86400.0
BATCH = 500


def lines(settings: Settings) -> Iterator[StatusLine]:
    """One line for each channel."""
    now = time.time()
    for channel in channels(settings):
        today = Delivery.channel == channel.name, Delivery.changed > now - DAY_S
        counts = dict(rows(Delivery.select(Delivery.state, fn.COUNT(Delivery.id)).where(*today).group_by(Delivery.state)))
        last = (
            Delivery.select()
            .where(*today, Delivery.state.in_((SENT, FAILED)) | (Delivery.attempts > 0))
            .order_by(Delivery.changed.desc())
            .first()
        )
        ((sent,),) = rows(Delivery.select(fn.MAX(Delivery.changed)).where(*today, Delivery.state == SENT))
        bad = last is not None and last.state != SENT
        text = "in the last day: " + (", ".join(f"{counts[state]} {state}" for state in sorted(counts)) or "nothing to tell")
        state = "warn" if bad else "ok" if last else "idle"
        yield StatusLine(
            f"notices by {channel.name}", state, text, None if sent is None else max(now - sent, 0.0), last.why if last and bad else ""
        )


def metrics(settings: Settings) -> Iterator[Metric]:
    """Deliveries of each channel by state, and how long the oldest one has been waiting."""
    now, deliveries, waiting = time.time(), [], []
    for channel in channels(settings):
        ours = Delivery.channel == channel.name
        by_state = rows(Delivery.select(Delivery.state, fn.COUNT(Delivery.id)).where(ours).group_by(Delivery.state))
        deliveries += [({"channel": channel.name, "state": state}, count) for state, count in by_state]
        ((since,),) = rows(Delivery.select(fn.MIN(Delivery.since)).where(ours, Delivery.state == WAITING))
        waiting.append(({"channel": channel.name}, 0.0 if since is None else max(now - since, 0.0)))
    yield gauge("dqmhub_notice_deliveries", "Deliveries by channel and state", deliveries)
    yield gauge("dqmhub_notice_waiting_seconds", "Time that the oldest delivery has been waiting", waiting)


def clean(days: int, report: Callable[[int], object]) -> int:
    """Remove notices and maintenance windows that are older, in steps; how many. `report` is told after each step."""
    before, removed = time.time() - days * DAY_S, 0
    while batch := [number for (number,) in rows(Notice.select(Notice.id).where(Notice.found < before).order_by(Notice.id).limit(BATCH))]:
        Delivery.delete().where(Delivery.notice.in_(batch)).execute()
        removed += Notice.delete().where(Notice.id.in_(batch)).execute()
        report(removed)
    return removed + int(Maintenance.delete().where(Maintenance.ends < before).execute())
