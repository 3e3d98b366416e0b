"""Delivery: each channel sends its due deliveries, as a periodic task of its own.

A delivery is marked as sent after the response, so it is sent at least once: after a kill in between it is sent again,
with the same identifier. Temporary errors are retried after 2, 4, 8 ... s, at most MAX_PAUSE_S apart, until the delivery
is older than the channel's `max_age_s`. Permanent errors are not retried.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.event_sources import personal_kinds
from app.core.reach import limited_to_internet
from app.notify.channels.base import Channel
from app.notify.errors import NotifyError, PermanentError, TemporaryError
from app.notify.masking import without_secrets
from app.notify.messages import message_of
from app.notify.models import COUNTER, DEFERRED, FAILED, OPEN, PENDING, SENT, SUPPRESSED, Delivery, Notification
from app.notify.settings import USER_PAUSE_MAX_S
from app.notify.subscriptions import is_personal, recipients
from app.queue.periodic import TaskRun

log = logging.getLogger(__name__)

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
    query = Delivery.select(Delivery, Notification).join(Notification).where(Delivery.channel == channel.name, is_due(now))
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


def is_due(now: float) -> Any:
    """The condition that a delivery is to be sent now. A longer pause than any means that the clock was set back."""
    is_lost = (Delivery.state == PENDING) & (Delivery.not_before > now + max(MAX_PAUSE_S, USER_PAUSE_MAX_S))
    return Delivery.state.in_(OPEN) & ((Delivery.not_before <= now) | is_lost)


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
    still_open = _still_open(batch)
    if not still_open:
        return True
    try:
        _update(channel, still_open, state=SENT, detail=_send(channel, public_url, still_open, addresses))
    except PermanentError as error:
        _update(channel, still_open, state=FAILED, detail=str(error))
    except TemporaryError as error:
        for delivery in still_open:
            _postpone(channel, delivery, str(error))
        return False
    return True


def _still_open(batch: Sequence[Delivery]) -> list[Delivery]:
    """Those that were not closed meanwhile: the channel may have been disabled while others were sent."""
    numbers = Delivery.select(Delivery.id).where(Delivery.id.in_([one.id for one in batch]), Delivery.state.in_(OPEN))
    found = {number for (number,) in rows(numbers)}
    return [delivery for delivery in batch if delivery.id in found]


def _send(channel: Channel, public_url: str, batch: Sequence[Delivery], addresses: Sequence[str] | None) -> str:
    """The receiver's answer. Raises TemporaryError, also for a fault in the channel, and PermanentError."""
    try:
        messages = [message_of(delivery.notification, public_url) for delivery in batch]
        with limited_to_internet(channel.networks):
            if addresses is None:
                return channel.send(messages)
            if addresses:
                return channel.send_to(addresses, messages)
    except NotifyError:
        raise
    except Exception as error:
        log.exception("A message by %s could not be sent", channel.name)
        raise TemporaryError(f"a fault of this channel, which is in the log: {type(error).__name__}") from error
    raise PermanentError("no user is subscribed to it any more")


def _postpone(channel: Channel, delivery: Delivery, error: str) -> None:
    """Retry later, but not in quiet hours that began meanwhile."""
    later = time.time() + min(2.0 ** min(delivery.attempts + 1, 10), MAX_PAUSE_S)
    quiet_end = channel.quiet_until(later)
    if quiet_end is None:
        _update(channel, [delivery], detail=error, not_before=later)
    elif channel.defers_in_quiet_hours:
        _update(channel, [delivery], detail=error, state=DEFERRED, since=quiet_end, not_before=quiet_end)
    else:
        _update(channel, [delivery], detail=f"quiet hours; last error: {error}", state=SUPPRESSED)


def _expire(channel: Channel, delivery: Delivery) -> None:
    last = f"; last error: {delivery.detail}" if delivery.detail else ""
    _update(channel, [delivery], 0, state=FAILED, detail=f"expired: not sent within {channel.max_age_s:.0f} s{last}")


def _update(channel: Channel, batch: Sequence[Delivery], attempts: int = 1, **change: object) -> None:
    """Store the result of an attempt, without secrets and cut, for the deliveries that were not closed meanwhile."""
    detail = without_secrets(str(change["detail"]), channel.secrets)[:MAX_DETAIL].replace("\0", "\ufffd")
    change |= {"detail": detail, "changed": time.time()}
    with proxy.atomic():
        advance(COUNTER)
        ours = Delivery.id.in_([one.id for one in batch]), Delivery.state.in_(OPEN)
        Delivery.update(**change, attempts=Delivery.attempts + attempts).where(*ours).execute()
