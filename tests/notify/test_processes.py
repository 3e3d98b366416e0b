"""Notifications by real consumers: no channel waits for another, and a kill loses nothing."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.core.database import release
from app.core.settings import Settings
from app.notify.models import Delivery, Notification
from app.queue.periodic import PeriodicTaskState
from tests.notify import seed
from tests.notify.receivers import Hook, hook, mail_server, sound_server
from tests.support.processes import service, until
from tests.support.raw_server import closed, dripping, garbage, raw, silent
from tests.support.site import bound

pytestmark = pytest.mark.slow


@pytest.fixture
def watching(tmp_path: Path, sqlite_template: Path) -> Iterator[Settings]:
    """A hub whose P5 is unreachable, so that the only events are those that a test writes."""
    data = tmp_path / "var"
    shutil.copytree(sqlite_template, data)
    settings = Settings(
        data_dir=str(data),
        square_url=f"http://{closed()}",
        square_production=("fu-1",),
        square_playback=(),
        log_level="error",
        notify_mail_from="dqm@cern.ch",
        notify_mail_to=("shifter@cern.ch",),
        notify_smtp_security="none",
        notify_timeout_s=6.0,
    )
    with bound(settings):
        yield settings


def of(channel: str) -> list[Delivery]:
    release()
    return list(Delivery.select().where(Delivery.channel.startswith(channel)))


def deliveries_to(receiver: Hook) -> list[Delivery]:
    return of(f"webhook {receiver.address.removeprefix('http://')}")


def all_sent(receiver: Hook) -> bool:
    return {each.state for each in deliveries_to(receiver)} == {"sent"}


def crashes_at(receiver: Hook) -> set[str]:
    """Ids of the messages about crashes."""
    return {message["id"] for message in receiver.messages if message["kind"] == "crash"}


def test_no_channel_waits_for_one_that_is_dead_slow_or_sends_garbage(watching: Settings) -> None:
    with ExitStack() as stack:
        good, other = (stack.enter_context(hook()) for _ in range(2))
        bad = [stack.enter_context(raw(behaviour)).place for behaviour in (silent, dripping(b"H"), garbage)]
        settings = watching.replace(
            notify_webhooks=(good.address, *(f"http://{place}" for place in bad), other.address),
            notify_smtp=stack.enter_context(raw(dripping(b"2"))).place,
            notify_sound=stack.enter_context(raw(silent)).place,
        )
        seed.job(358792, "beam", time.time() - 1, 139)
        with service(settings, "live"):
            until(lambda: {"run-start", "crash"} <= {message["kind"] for message in good.messages}, "the messages")
            until(lambda: {"run-start", "crash"} <= {message["kind"] for message in other.messages}, "the messages at the second address")
            until(lambda: all(each.detail for channel in ("mail", "sound") for each in of(channel)), "the errors of the others")
            for client in range(4):  # while all the others hang
                seed.job(358792, f"late{client}", time.time() - 1, 1)
            until(
                lambda: all(len(crashes_at(one)) == 5 and all_sent(one) for one in (good, other)),
                "the later messages",
            )
        for one in (good, other):
            attempts = {each.notification.event: each.attempts for each in deliveries_to(one)}
            received = Counter(message["id"] for message in one.messages)
            assert set(received) == set(attempts)
            assert received <= Counter(attempts), "a message is sent again only when its answer was late"
        for place in bad:
            assert {each.state for each in of(f"webhook {place}")} == {"pending"}
        assert {each.state for each in of("mail")} | {each.state for each in of("sound")} <= {"pending", "failed"}


def test_a_killed_consumer_loses_nothing_and_the_interrupted_message_is_sent_again(watching: Settings) -> None:
    with ExitStack() as stack:
        receiver, box, server = (stack.enter_context(one) for one in (hook(), mail_server(), raw(sound_server())))
        settings = watching.replace(
            notify_webhooks=(receiver.address,), notify_smtp=box.place, notify_sound=server.place, notify_timeout_s=60.0
        )
        receiver.hold.clear()
        seed.job(358792, "beam", time.time() - 1, 139)
        with service(settings, "live") as process:
            until(lambda: receiver.requests, "the first request")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        PeriodicTaskState.delete().execute()  # the next consumer need not wait until the leases of this one are over
        receiver.hold.set()
        seed.job(358792, "csc", time.time() - 1, 139)
        with service(settings, "live"):
            until(lambda: Notification.select().count() == 3 and all(each.state == "sent" for each in of("")), "all to be sent")
        counts: dict[str, int] = {}
        for message in receiver.messages:
            counts[message["id"]] = counts.get(message["id"], 0) + 1
        assert set(counts) == {row.event for row in Notification.select()}, "each was sent"
        first = receiver.messages[0]["id"]
        assert counts.pop(first) == 2, "the interrupted one is sent again with the same id"
        assert set(counts.values()) == {1}
        assert {mail["Message-ID"].strip("<>").partition("@")[0] for mail in box.mails} == {
            row.event for row in Notification.select().where(Notification.kind == "crash")
        }
