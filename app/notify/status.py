"""How the channels do, for the status page and for metrics; and how long notices are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.models import FAILED, SENT, WAITING, Delivery, Maintenance, Notice

DAY_S = 86400.0
BATCH = 500


class Line(NamedTuple):
    """One line of the status page; state: ok, warn or idle; age_s: since the channel last took something."""

    name: str
    state: str
    text: str
    age_s: float | None
    detail: str


def lines(settings: Settings) -> Iterator[Line]:
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
        yield Line(
            f"notices by {channel.name}", state, text, None if sent is None else max(now - sent, 0.0), last.why if last and bad else ""
        )


def metrics(settings: Settings) -> Iterator[str]:
    """Gauges, as lines for Prometheus."""
    now = time.time()
    for channel in channels(settings):
        ours = Delivery.channel == channel.name
        for state, count in rows(Delivery.select(Delivery.state, fn.COUNT(Delivery.id)).where(ours).group_by(Delivery.state)):
            yield f'dqmhub_notice_deliveries{{channel="{channel.name}",state="{state}"}} {count}'
        ((since,),) = rows(Delivery.select(fn.MIN(Delivery.since)).where(ours, Delivery.state == WAITING))
        yield f'dqmhub_notice_waiting_seconds{{channel="{channel.name}"}} {0.0 if since is None else max(now - since, 0.0):.3f}'


def clean(days: int, report: Callable[[int], object]) -> int:
    """Remove notices and maintenance windows that are older, in steps; how many. `report` is told after each step."""
    before, removed = time.time() - days * DAY_S, 0
    while batch := [number for (number,) in rows(Notice.select(Notice.id).where(Notice.found < before).order_by(Notice.id).limit(BATCH))]:
        Delivery.delete().where(Delivery.notice.in_(batch)).execute()
        removed += Notice.delete().where(Notice.id.in_(batch)).execute()
        report(removed)
    return removed + int(Maintenance.delete().where(Maintenance.ends < before).execute())
