"""Delivery: due messages are sent, retried until they expire, and have their result stored."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.core.zones import CERN
from app.notify import delivery, status
from app.notify.channels import channels
from app.notify.channels.base import Channel
from app.notify.delivery import deliver_due
from app.notify.detection import enqueue
from app.notify.models import Delivery, MaintenanceWindow, Notification
from app.notify.retention import remove_old
from tests.notify import seed
from tests.notify.receivers import Hook, hook, mail_server, sound_server
from tests.support.raw_server import closed, raw

pytestmark = pytest.mark.both_databases


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as found:
        yield found


def due(channel: Channel, *numbers: int, ago: float = 0.0, quiet: bool = False) -> None:
    """Queue notifications that are due since `ago` seconds; quiet: deferred by quiet hours that are over now."""
    for number in numbers:
        enqueue(seed.notification(number, ago=ago), channel, time.time() - ago, time.time() - 1 if quiet else None)


def one_channel(settings: Settings, **values: Any) -> Channel:
    (channel,) = channels(settings.replace(notify_timeout_s=60.0, **values))
    return channel


def work(channel: Channel) -> None:
    deliver_due(channel, "", lambda: False)


def stop_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause is over and nothing expires from now on, however long the machine stalls."""
    now = time.time()
    monkeypatch.setattr(delivery, "time", SimpleNamespace(time=lambda: now))


def states() -> list[tuple[str, int, str]]:
    return [(each.state, each.attempts, each.detail) for each in Delivery.select().order_by(Delivery.id)]


def again_now() -> None:
    Delivery.update(not_before=0.0).execute()


def test_due_messages_are_sent_once_in_order(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    due(channel, 1, 2, 3)
    work(channel)
    work(channel)
    assert [message["id"] for message in receiver.messages] == ["crash-1", "crash-2", "crash-3"]
    assert states() == [("sent", 1, "status 200")] * 3


def test_temporary_errors_are_retried_with_growing_pauses(hub: Settings, receiver: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    receiver.status = 503
    due(channel, 1)
    stop_clock(monkeypatch)
    pauses = []
    for _ in range(8):
        work(channel)
        row = Delivery.get()
        pauses.append(round(row.not_before - row.changed))
        work(channel)  # it is not due
        again_now()
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    assert len(receiver.requests) == 8
    assert states() == [("pending", 8, "status 503: the channel is archived")]
    receiver.status = 204
    work(channel)
    assert states() == [("sent", 9, "status 204")]


def test_after_a_failure_the_others_are_sent_first_in_the_next_step(hub: Settings, receiver: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    receiver.status = 500
    due(channel, 1, 2)
    stop_clock(monkeypatch)
    work(channel)
    assert [message["id"] for message in receiver.messages] == ["crash-1"]
    receiver.status = 200
    work(channel)
    assert [message["id"] for message in receiver.messages] == ["crash-1", "crash-2"]
    assert [state for state, _, _ in states()] == ["pending", "sent"]


def test_permanent_errors_are_not_retried_and_the_others_are_sent(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    receiver.status = 404
    due(channel, 1, 2)
    work(channel)
    again_now()
    work(channel)
    assert len(receiver.requests) == 2
    assert states() == [("failed", 1, "status 404: the channel is archived")] * 2


def test_an_alarm_expires_after_a_minute(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(sound_server()) as server:
        channel = one_channel(hub, notify_sound=server.place)
        due(channel, 1, ago=61.0)
        due(channel, 2, ago=20.0)
        stop_clock(monkeypatch)
        Delivery.update(detail="no connection").where(Delivery.since < time.time() - 60).execute()
        work(channel)
        assert len(server.received) == 1
    assert states() == [
        ("failed", 0, "expired: not sent within 60 s; last error: no connection"),
        ("sent", 1, "All ok"),
    ]


def test_a_webhook_expires_after_an_hour_and_a_mail_after_a_day(hub: Settings) -> None:
    hooks = one_channel(hub, notify_webhooks=(f"http://{closed()}/",))
    mails = one_channel(hub, notify_smtp=closed(), notify_mail_from="a@b.ch", notify_mail_to=("c@d.ch",))
    for channel, first, seconds in ((hooks, 1, 3600), (mails, 3, 86400)):
        due(channel, first, ago=seconds - 60)
        due(channel, first + 1, ago=seconds + 1)
        work(channel)
    assert [state for state, _, _ in states()] == ["pending", "failed"] * 2
    assert states()[3][2] == "expired: not sent within 86400 s"


def test_more_than_five_at_once_are_one_mail(hub: Settings) -> None:
    with mail_server() as box:
        channel = one_channel(
            hub,
            notify_smtp=box.place,
            notify_smtp_security="none",
            notify_mail_from="a@b.ch",
            notify_mail_to=("c@d.ch",),
            instance_name="DQM",
        )
        due(channel, 1, 2, 3, 4, 5)
        work(channel)
        assert len(box.mails) == 5
        due(channel, *range(10, 16))
        work(channel)
        assert [mail["Subject"] for mail in box.mails[5:]] == ["[DQM] 6 notifications: client 10 crashed and more"]
        assert {state for state, _, _ in states()} == {"sent"}


def test_deferred_messages_are_one_mail_after_quiet_hours(hub: Settings) -> None:
    with mail_server() as box:
        channel = one_channel(
            hub,
            notify_smtp=box.place,
            notify_smtp_security="none",
            notify_mail_from="a@b.ch",
            notify_mail_to=("c@d.ch",),
            instance_name="DQM",
        )
        due(channel, 1, 2, ago=7200.0, quiet=True)
        due(channel, 3)
        assert [state for state, _, _ in states()] == ["deferred", "deferred", "pending"]
        work(channel)
        assert [mail["Subject"] for mail in box.mails] == ["[DQM] 2 notifications: client 1 crashed and more", "[DQM] client 3 crashed"]


def quiet_now(kind: str) -> tuple[str, ...]:
    """Hours around this moment, by the clock at CERN."""
    begin, end = (f"{datetime.fromtimestamp(time.time() + after, CERN):%H:%M}" for after in (-1800, 1800))
    return (f"{kind} {begin}-{end}",)


def test_messages_not_sent_when_quiet_hours_begin_are_deferred_or_suppressed(hub: Settings) -> None:
    sounds = one_channel(hub, notify_sound=closed(), notify_quiet=quiet_now("sound"))
    mails = one_channel(hub, notify_smtp=closed(), notify_mail_from="a@b.ch", notify_mail_to=("c@d.ch",), notify_quiet=quiet_now("mail"))
    due(sounds, 1)
    due(mails, 2)
    work(sounds)
    work(mails)
    (dropped, _, why), (held, attempts, _) = states()
    assert (dropped, held, attempts) == ("suppressed", "deferred", 1)
    assert why.startswith("quiet hours; last error: no connection to port")
    assert Delivery.get(Delivery.state == "deferred").not_before > time.time() + 1000


def test_an_unreachable_mail_server_is_retried_each_minute(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = one_channel(hub, notify_smtp=closed(), notify_mail_from="a@b.ch", notify_mail_to=("c@d.ch",))
    due(channel, 1)
    stop_clock(monkeypatch)
    Delivery.update(attempts=1100).execute()
    work(channel)
    row = Delivery.get()
    assert (row.state, row.attempts, round(row.not_before - row.changed)) == ("pending", 1101, 60)


def test_a_consumer_that_stops_leaves_the_rest_for_the_next(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    due(channel, 1, 2, 3)
    deliver_due(channel, "", lambda: len(receiver.requests) >= 2)
    assert [state for state, _, _ in states()] == ["sent", "sent", "pending"]


def test_an_answer_of_any_length_and_letters_is_cut(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(_: Sequence[object]) -> str:
        return "\0" + "x" * 10_000

    channel = one_channel(hub, notify_sound=closed())
    monkeypatch.setattr(channel, "send", send)
    due(channel, 1)
    work(channel)
    assert states() == [("sent", 1, "\ufffd" + "x" * 499)]


def test_the_status_page_and_the_metrics_show_each_channel(hub: Settings, receiver: Hook) -> None:
    changed = hub.replace(notify_webhooks=(receiver.address + "/s3cr3t", "http://127.0.0.1:9/0th3r"), notify_sound=closed())
    bad, good, other = channels(changed)
    assert [(line.name, line.state, line.text) for line in status.lines(changed)] == [
        (f"notifications by {channel.name}", "idle", "last 24 h: none") for channel in (bad, good, other)
    ]
    due(good, 1, 2)
    enqueue(seed.notification(3), bad, time.time())
    work(good)
    work(bad)
    assert [(line.state, line.text) for line in status.lines(changed)] == [
        ("warn", "last 24 h: 1 pending"),
        ("ok", "last 24 h: 2 sent"),
        ("idle", "last 24 h: none"),
    ]
    client: FlaskClient = create_app(changed).test_client()
    host = {"Host": "127.0.0.1:8889"}
    page, metrics = client.get("/status", headers=host).text, client.get("/metrics", headers=host).text
    assert "notifications by sound" in page
    assert "no connection to port" in page
    assert f'dqmhub_notification_deliveries{{channel="{good.name}",state="sent"}} 2' in metrics
    assert 'dqmhub_notification_deliveries{channel="sound",state="pending"} 1' in metrics
    assert 'dqmhub_notification_pending_seconds{channel="sound"}' in metrics
    assert "s3cr3t" not in page + metrics


def test_old_notifications_are_removed_with_their_deliveries(hub: Settings) -> None:
    channel = one_channel(hub, notify_sound=closed())
    due(channel, 1, ago=11 * 86400.0)
    due(channel, 2, ago=9 * 86400.0)
    MaintenanceWindow.create(system="production", hosts="", begins=0.0, ends=time.time() - 11 * 86400, reason="x", user="op")
    assert remove_old(10, lambda _: None) == 2
    assert [each.event for each in Notification.select()] == ["crash-2"]
    assert (Delivery.select().count(), MaintenanceWindow.select().count()) == (1, 0)


def test_a_retry_in_the_far_future_is_due_as_the_clock_was_set_back_but_quiet_hours_hold(hub: Settings, receiver: Hook) -> None:
    channel = one_channel(hub, notify_webhooks=(receiver.address,))
    due(channel, 1, 2)
    Delivery.update(not_before=time.time() + 7200).execute()
    deferred = Delivery.select().order_by(Delivery.id.desc()).get()
    Delivery.update(state="deferred", not_before=time.time() + 3600).where(Delivery.id == deferred.id).execute()
    work(channel)
    assert [one.state for one in Delivery.select().order_by(Delivery.id)] == ["sent", "deferred"]
