"""Delivery by the channels of the page: a periodic task that needs no restart when one is added, with a thread for each.

The channels of the settings have periodic tasks of their own. Here, too, no channel waits for another one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from app.core.database import end_thread, rows
from app.core.settings import Settings
from app.notify.added_channels import added_channels
from app.notify.channels.base import Channel
from app.notify.delivery import deliver_due, is_due
from app.notify.models import Delivery, NotificationChannel
from app.queue.periodic import TaskRun

log = logging.getLogger(__name__)


@contextmanager
def added_delivery_task(settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a step that starts a thread for each channel with due deliveries; at the end all threads end."""
    threads: dict[str, threading.Thread] = {}

    def step() -> None:
        found = {each.channel: each.row for each in added_channels(settings) if each.channel}
        for channel in _due_channels(list(found)):
            if channel.name not in threads or not threads[channel.name].is_alive():
                arguments = (channel, settings.public_url, partial(_should_stop, run, found[channel]))
                threads[channel.name] = threading.Thread(target=_deliver, args=arguments, name=f"notifications by {channel.name}")
                threads[channel.name].start()

    try:
        yield step
    finally:
        for thread in threads.values():
            thread.join()


def _due_channels(found: Sequence[Channel]) -> list[Channel]:
    """Those of these channels that have something to send now."""
    due = is_due(time.time()), Delivery.channel.in_([channel.name for channel in found])
    names = {name for (name,) in rows(Delivery.select(Delivery.channel).where(*due).distinct())} if found else set()
    return [channel for channel in found if channel.name in names]


def _should_stop(run: TaskRun, row: NotificationChannel) -> bool:
    """Whether the task ends, or the channel was changed, disabled or deleted since it was made."""
    same = NotificationChannel.id == row.id, NotificationChannel.changed == row.changed
    return run.should_stop() or not NotificationChannel.select().where(*same).exists()


def _deliver(channel: Channel, public_url: str, should_stop: Callable[[], bool]) -> None:
    try:
        deliver_due(channel, public_url, should_stop)
    except Exception:  # such as a full disk: the deliveries stay due, and the next step tries again
        log.exception("The deliveries of %s were interrupted", channel.name)
    finally:
        end_thread()
