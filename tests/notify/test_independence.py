"""A dead receiver keeps no message from the others, whichever it is and in whatever order they are served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from app.core.database import end_thread, release
from app.core.settings import Settings
from app.notify.channels import channels
from app.notify.delivery import delivery_task
from app.notify.models import Delivery
from app.queue.periodic import PeriodicTask, TaskRun
from tests.notify import seed
from tests.notify.receivers import hook, mail_server, sound_server
from tests.support.processes import until
from tests.support.raw_server import WAIT_S, closed, raw

KINDS = ("sound", "mail", "webhook")


@dataclass
class Receivers:
    """One dead server, and working servers for the other channels."""

    settings: Settings
    counts: dict[str, Callable[[], int]]  # messages that a server has accepted, by kind of channel
    hold: threading.Event  # the server that hangs closes its connection once this is set


@pytest.fixture
def receivers(hub: Settings, dead: str) -> Iterator[Receivers]:
    """The sound server refuses connections, the mail server hangs, or the webhook answers 500; the other two work."""
    hold = threading.Event()

    def hanging(_: socket.socket, __: bytearray, ___: threading.Event) -> None:
        assert hold.wait(WAIT_S)

    with ExitStack() as stack:
        sound, box, chat = stack.enter_context(raw(sound_server())), stack.enter_context(mail_server()), stack.enter_context(hook())
        if dead == "webhook":
            chat.status = 500
        settings = hub.replace(
            notify_sound=closed() if dead == "sound" else sound.place,
            notify_smtp=stack.enter_context(raw(hanging)).place if dead == "mail" else box.place,
            notify_webhooks=(chat.address,),
            notify_smtp_security="none",
            notify_mail_from="dqm@cern.ch",
            notify_mail_to=("shifter@cern.ch",),
            notify_timeout_s=60.0,
        )
        counts = {"sound": lambda: len(sound.received), "mail": lambda: len(box.mails), "webhook": lambda: len(chat.requests)}
        stack.callback(hold.set)  # first of all at the end: the servers wait for their handlers
        yield Receivers(settings, counts, hold)


def serve(settings: Settings, kind: str, stopping: threading.Event) -> threading.Thread:
    """One step of the periodic task of a channel, in a thread as in the consumer."""
    (channel,) = [channel for channel in channels(settings) if channel.kind == kind]
    run = TaskRun(PeriodicTask("test", 1.0, lambda _: None), stopping, 600.0)

    def step() -> None:
        try:
            with delivery_task(channel, "", run) as deliver:
                deliver()
        finally:
            end_thread()

    thread = threading.Thread(target=step)
    thread.start()
    return thread


def states(kind: str) -> set[str]:
    release()
    return {each.state for each in Delivery.select().where(Delivery.channel.startswith(kind))}


@pytest.mark.parametrize("dead", KINDS)
def test_the_others_are_notified_while_one_is_dead(receivers: Receivers, dead: str) -> None:
    alive = [kind for kind in KINDS if kind != dead]
    for place in range(len(KINDS)):  # the dead one is served first, second, last
        receivers.hold.clear()
        order = [*alive[:place], dead, *alive[place:]]
        seed.job(358792, f"client{place}", time.time() - 1, 139)
        Delivery.delete().where(Delivery.state != "sent").execute()
        seed.detect(receivers.settings)
        stopping = threading.Event()
        threads = [serve(receivers.settings, kind, stopping) for kind in order]
        until(lambda: all(states(kind) == {"sent"} for kind in alive), f"the messages in the order {order}")
        stopping.set()
        receivers.hold.set()
        for thread in threads:
            thread.join()
        assert [receivers.counts[kind]() > place for kind in alive] == [True, True]
        assert states(dead) == {"pending"}, "it is tried again"
