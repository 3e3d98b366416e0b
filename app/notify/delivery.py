"""Telling: one channel does its deliveries, in a loop of its own.

A delivery is marked after the answer, so it is made at least once: a process that is killed in between makes it
again, with the same identifier. What fails is tried again after 2, 4, 8 ... s, at most LONGEST_PAUSE_S apart, as long
as the channel has patience; who is refused is not asked again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from app.core.counters import advance
from app.core.database import proxy
from app.notify.channels import Channel
from app.notify.models import COUNTER, DROPPED, FAILED, HELD, OPEN, SENT, Delivery, Notice
from app.notify.quiet_hours import quiet_until
from app.notify.transport import NotSent, Refused, message_of
from app.queue import TaskRun

LONGEST_PAUSE_S = 60.0
SINGLE = 5
"""More that are due at once are told as one, by a channel that can."""
MOST = 200
LONGEST_WHY = 500


@contextmanager
def telling(channel: Channel, public_url: str, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Gives a step that tells what is due."""
    yield partial(tell, channel, public_url, run.should_stop)


def tell(channel: Channel, public_url: str, over: Callable[[], bool]) -> None:
    """Do what is due, until an attempt fails: the others would fail with it, and have their turn at the next step."""
    now = time.time()
    due = Delivery.channel == channel.name, Delivery.state.in_(OPEN), Delivery.not_before <= now
    query = Delivery.select(Delivery, Notice).join(Notice).where(*due).order_by(Delivery.not_before, Delivery.id).limit(MOST)
    found = list(query)
    tired = [delivery for delivery in found if delivery.since < now - channel.patience_s]
    if tired:
        _give_up(channel, tired)
    for batch in batches(channel, [delivery for delivery in found if delivery not in tired]):
        if over() or not _attempt(channel, public_url, batch):
            return


def batches(channel: Channel, due: list[Delivery]) -> list[list[Delivery]]:
    """What is told at once: all that was held, and all the rest when it is more than SINGLE; else each alone."""
    held = [delivery for delivery in due if delivery.state == HELD]
    rest = [delivery for delivery in due if delivery.state != HELD]
    if channel.sums and len(rest) > SINGLE:
        return [batch for batch in (held, rest) if batch]
    return [*([held] if held else []), *([delivery] for delivery in rest)]


def _attempt(channel: Channel, public_url: str, batch: Sequence[Delivery]) -> bool:
    """Whether the channel took it or said that it never will."""
    messages = [message_of(delivery.notice, public_url) for delivery in batch]
    try:
        _mark(batch, state=SENT, why=channel.send(messages))
    except Refused as error:
        _mark(batch, state=FAILED, why=str(error))
    except NotSent as error:
        for delivery in batch:
            _put_off(channel, delivery, str(error))
        return False
    return True


def _put_off(channel: Channel, delivery: Delivery, why: str) -> None:
    """Try again later, but not in quiet hours that began meanwhile."""
    later = time.time() + min(2.0 ** min(delivery.attempts + 1, 10), LONGEST_PAUSE_S)
    quiet = quiet_until(channel.quiet, channel.kind, later)
    if quiet is None:
        _mark([delivery], why=why, not_before=later)
    elif channel.holds:
        _mark([delivery], why=why, state=HELD, since=quiet, not_before=quiet)
    else:
        _mark([delivery], why=f"quiet hours; last: {why}", state=DROPPED)


def _give_up(channel: Channel, tired: Sequence[Delivery]) -> None:
    for delivery in tired:
        last = f"; last: {delivery.why}" if delivery.why else ""
        _mark([delivery], 0, state=FAILED, why=f"it was not told within {channel.patience_s:.0f} s, and is too late now{last}")


def _mark(batch: Sequence[Delivery], attempts: int = 1, **change: object) -> None:
    """Write what became of deliveries; why is cut."""
    change |= {"why": str(change["why"])[:LONGEST_WHY].replace("\0", "\ufffd"), "changed": time.time()}
    with proxy.atomic():
        advance(COUNTER)
        Delivery.update(**change, attempts=Delivery.attempts + attempts).where(Delivery.id.in_([one.id for one in batch])).execute()
