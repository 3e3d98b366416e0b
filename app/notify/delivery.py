"""Delivery: each channel sends its due deliveries, as a periodic task of its own.

A delivery is marked as sent after the response, so it is sent at least once: after a kill in between it is sent again,
with the same identifier. Temporary errors are retried after 2, 4, 8 ... s, at most MAX_PAUSE_S apart, until the delivery
is older than the channel's `max_age_s`. Permanent errors are not retried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from app.core.counters import advance
from app.core.database import proxy
from app.core.event_sources import personal_kinds
from app.core.reach import limited_to_internet
from app.notify.channels.base import Channel
from app.notify.errors import PermanentError, TemporaryError
from app.notify.messages import message_of
from app.notify.models import COUNTER, DEFERRED, FAILED, OPEN, SENT, SUPPRESSED, Delivery, Notification
from app.notify.subscriptions import is_personal, recipients
from app.queue.periodic import TaskRun

MAX_PAUSE_S = 60.0
MAX_SINGLE = 5
"""More deliveries due at the same time are sent as a digest, by a channel that supports it."""

MAX_DUE = 200
"""Maximum number of deliveries in one step."""

MAX_DETAIL = 500
"""Maximum length of a stored response or error."""


@contextmanager
def delivery_task(channel: Channel, public_url: str, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a step that sends the due deliveries."""
    yield partial(deliver_due, channel, public_url, run.should_stop)


def deliver_due(channel: Channel, public_url: str, should_stop: Callable[[], bool]) -> None:
    """Send due deliveries until an attempt fails; the others would fail, too, and are retried in the next step."""
    now = time.time()
    due = Delivery.channel == channel.name, Delivery.state.in_(OPEN), Delivery.not_before <= now
    query = Delivery.select(Delivery, Notification).join(Notification).where(*due)
    is_last = Notification.kind.in_([kind.name for kind in personal_kinds()])
    found = list(query.order_by(is_last, Delivery.not_before, Delivery.id).limit(MAX_DUE))
    expired = [delivery for delivery in found if delivery.since < now - channel.max_age_s]
    for delivery in expired:
        _expire(channel, delivery)
    open_ones = [delivery for delivery in found if delivery not in expired]
    personal = [delivery for delivery in open_ones if channel.reaches_users and is_personal(delivery.notification.kind)]
    for batch in batches(channel, [delivery for delivery in open_ones if delivery not in personal]):
        if should_stop() or not _attempt(channel, public_url, batch):
            return
    for addresses, batch in personal_batches(personal):  # last: one address that is refused must not delay the others
        if should_stop() or not _attempt(channel, public_url, batch, addresses):
            return


def personal_batches(due: list[Delivery]) -> list[tuple[tuple[str, ...], list[Delivery]]]:
    """The addresses and the deliveries of each message to single users."""
    found: dict[tuple[str, ...], list[Delivery]] = {}
    for delivery in due:
        found.setdefault(recipients(delivery.notification), []).append(delivery)
    return list(found.items())


def batches(channel: Channel, due: list[Delivery]) -> list[list[Delivery]]:
    """The deliveries of each message: one digest of all deferred ones, and one of all others if they are more than MAX_SINGLE."""
    deferred = [delivery for delivery in due if delivery.state == DEFERRED]
    others = [delivery for delivery in due if delivery.state != DEFERRED]
    if channel.supports_digest and len(others) > MAX_SINGLE:
        return [batch for batch in (deferred, others) if batch]
    return [*([deferred] if deferred else []), *([delivery] for delivery in others)]


def _attempt(channel: Channel, public_url: str, batch: Sequence[Delivery], addresses: Sequence[str] | None = None) -> bool:
    """Send a batch, to single users if there are addresses; False after a temporary error."""
    messages = [message_of(delivery.notification, public_url) for delivery in batch]
    try:
        with limited_to_internet(channel.networks):
            if addresses is None:
                answer = channel.send(messages)
            elif addresses:
                answer = channel.send_to(addresses, messages)
            else:
                raise PermanentError("no user is subscribed to it any more")
        _update(batch, state=SENT, detail=answer)
    except PermanentError as error:
        _update(batch, state=FAILED, detail=str(error))
    except TemporaryError as error:
        for delivery in batch:
            _postpone(channel, delivery, str(error))
        return False
    return True


def _postpone(channel: Channel, delivery: Delivery, error: str) -> None:
    """Retry later, but not in quiet hours that began meanwhile."""
    later = time.time() + min(2.0 ** min(delivery.attempts + 1, 10), MAX_PAUSE_S)
    quiet_end = channel.quiet_until(later)
    if quiet_end is None:
        _update([delivery], detail=error, not_before=later)
    elif channel.defers_in_quiet_hours:
        _update([delivery], detail=error, state=DEFERRED, since=quiet_end, not_before=quiet_end)
    else:
        _update([delivery], detail=f"quiet hours; last error: {error}", state=SUPPRESSED)


def _expire(channel: Channel, delivery: Delivery) -> None:
    last = f"; last error: {delivery.detail}" if delivery.detail else ""
    _update([delivery], 0, state=FAILED, detail=f"expired: not sent within {channel.max_age_s:.0f} s{last}")


def _update(batch: Sequence[Delivery], attempts: int = 1, **change: object) -> None:
    """Store the result of an attempt; its detail is cut."""
    change |= {"detail": str(change["detail"])[:MAX_DETAIL].replace("\0", "\ufffd"), "changed": time.time()}
    with proxy.atomic():
        advance(COUNTER)
        Delivery.update(**change, attempts=Delivery.attempts + attempts).where(Delivery.id.in_([one.id for one in batch])).execute()
