"""Detection: events are stored once and queued for the channels that are subscribed; others have the reason as outcome."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from threading import Thread

import pytest

from app.core.counters import version_of
from app.core.database import end_thread
from app.core.settings import Settings
from app.core.zones import CERN
from app.notify import detection
from app.notify.channels import channels
from app.notify.detection import EventCollector
from app.notify.messages import message_of
from app.notify.models import COUNTER, Delivery, MaintenanceWindow, Notification
from app.notify.settings import NotifySettings
from app.square.event_kinds import KINDS
from tests.notify import seed

pytestmark = pytest.mark.both_databases


@pytest.fixture
def now() -> float:
    return time.time()


@pytest.fixture
def configured(hub: Settings) -> Settings:
    return hub.replace(
        notify_webhooks=("https://chat.cern.ch/hooks/x",),
        notify_smtp="mail.cern.ch:25",
        notify_mail_from="dqm@cern.ch",
        notify_mail_to=("shifter@cern.ch",),
        notify_sound="daq-expert.cms:50555",
        notify_sound_kinds=("crash",),
        notify_mail_kinds=("crash", "stuck"),
    )


def outcomes() -> list[tuple[str, str]]:
    return [(row.title, row.outcome) for row in Notification.select().order_by(Notification.id)]


def deliveries() -> list[tuple[str, str, str]]:
    """Kind of event, channel and state."""
    query = Delivery.select(Delivery, Notification).join(Notification).order_by(Notification.id, Delivery.channel)
    return [(each.notification.kind, each.channel, each.state) for each in query]


def test_each_channel_gets_the_kinds_it_is_subscribed_to(configured: Settings, now: float) -> None:
    seed.job(358792, "beam", now - 5, 139)
    seed.job(358792, "csc", now - 1)
    seed.detect(configured)
    assert outcomes() == [("Run 358792 began", "notified"), ("beam crashed in run 358792", "notified")]
    assert deliveries() == [
        ("run-start", "webhook chat.cern.ch", "pending"),
        ("crash", "mail", "pending"),
        ("crash", "sound", "pending"),
        ("crash", "webhook chat.cern.ch", "pending"),
    ]


def test_an_event_is_stored_once_when_several_threads_detect_it(configured: Settings, now: float) -> None:
    for client in range(20):
        seed.job(358792, f"client{client}", now - 5, 1)

    def work() -> None:
        try:
            seed.detect(configured)
        finally:
            end_thread()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seed.detect(configured)
    assert Notification.select().where(Notification.kind == "crash").count() == 20
    assert Delivery.select().where(Delivery.channel == "sound").count() == 20


def test_an_old_event_is_listed_as_late_and_not_sent(configured: Settings, now: float) -> None:
    seed.job(358791, "beam", now - 7200, 1)
    seed.job(358792, "beam", now - 30, 1)
    seed.detect(configured)
    assert [row for row in outcomes() if "beam" in row[0]] == [
        ("beam crashed in run 358791", "late"),
        ("beam crashed in run 358792", "notified"),
    ]
    assert {each.notification.run for each in Delivery.select(Delivery, Notification).join(Notification)} == {358792}


def test_a_crash_is_notified_when_the_clock_of_p5_is_ahead(configured: Settings, now: float) -> None:
    seed.job(358792, "beam", now + 300, 1)
    seed.detect(configured)
    assert ("beam crashed in run 358792", "notified") in outcomes()


def test_repeated_crashes_are_notified_once_in_ten_minutes_with_a_count(configured: Settings, now: float) -> None:
    for ago in (50, 40, 30, 20):
        seed.job(358792, "beam", now - ago, 1)
        seed.detect(configured)
    seed.job(358792, "csc", now - 10, 1)
    seed.detect(configured)
    notified = [row for row in outcomes() if "crashed" in row[0]]
    assert notified == [("beam crashed in run 358792", outcome) for outcome in ("notified", "duplicate", "duplicate", "duplicate")] + [
        ("csc crashed in run 358792", "notified")
    ]
    Notification.update(detected=Notification.detected - detection.REPEAT_S).execute()  # ten minutes later
    seed.job(358792, "beam", now - 5, 1)
    seed.detect(configured)
    last = Notification.select().order_by(Notification.id.desc()).first()
    assert (last.outcome, last.repeats) == ("notified", 3)
    assert message_of(last, "").text == "Exit code 1, on dqmfu-c2b03-45-01 (3 repeats suppressed)"


def test_a_flapping_host_is_notified_once_in_ten_minutes(configured: Settings, now: float) -> None:
    for ago in (300, 200, 100):
        seed.host("dqmfu-c2b03-45-01", now - ago, "connection refused")
        seed.detect(configured)
    assert [outcome for _, outcome in outcomes()] == ["notified", "duplicate", "duplicate"]


@pytest.mark.parametrize(
    ("hosts", "kinds_in_window"),
    [("", {"run-start", "crash", "silent-host"}), ("dqmfu-c2b03-45-01 other", {"crash", "silent-host"}), ("other", set())],
)
def test_events_in_maintenance_are_listed_and_not_sent(configured: Settings, now: float, hosts: str, kinds_in_window: set[str]) -> None:
    MaintenanceWindow.create(system="production", hosts=hosts, begins=now - 500, ends=now - 5, reason="new kernel", user="op")
    seed.job(358792, "beam", now - 10, 1)
    seed.job(358792, "beam", now - 2, 1, host="dqmfu-c2b04-45-01")
    seed.host("dqmfu-c2b03-45-01", now - 100, "down")
    seed.job(7, "beam", now - 10, 1, system="playback")
    seed.detect(configured)
    seed.detect(configured, "playback")
    within = {row.kind for row in Notification.select().where(Notification.outcome == "maintenance")}
    assert within == kinds_in_window
    assert {row.system for row in Notification.select().where(Notification.outcome == "maintenance")} <= {"production"}
    after = Notification.get(Notification.system == "production", Notification.at > now - 5)
    assert after.outcome in ("notified", "duplicate")


def test_persistent_events_that_outlast_their_maintenance_are_notified(configured: Settings, now: float) -> None:
    window = MaintenanceWindow.create(system="production", hosts="", begins=now - 5000, ends=now + 60, reason="new kernel", user="op")
    for name in ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"):
        seed.host(name, now - 100, "down")
    stuck = [seed.job(358792, client, now - 1000, host="dqmfu-c2b02-45-01") for client in ("beam", "csc")]
    seed.detect(configured)
    assert sorted(title for title, outcome in outcomes() if outcome == "maintenance") == [
        "beam is stuck in run 358792",
        "csc is stuck in run 358792",
        "dqmfu-c2b03-45-01 does not respond",
        "dqmfu-c2b04-45-01 does not respond",
    ]
    seed.host("dqmfu-c2b04-45-01", now)
    seed.change(stuck[1], reported=now)
    seed.detect(configured)
    assert deliveries() == []
    MaintenanceWindow.update(ends=now - 1).where(MaintenanceWindow.id == window.id).execute()
    seed.detect(configured)
    seed.detect(configured)
    notified = [row.title for row in Notification.select().join(Delivery).where(Delivery.channel == "webhook chat.cern.ch")]
    assert sorted(notified) == ["beam is stuck in run 358792", "dqmfu-c2b03-45-01 does not respond"]


def wall(at: float, minutes: int) -> str:
    """The clock at CERN so many minutes from a moment."""
    return (datetime.fromtimestamp(at, CERN) + timedelta(minutes=minutes)).strftime("%H:%M")


def test_quiet_hours_suppress_sound_and_defer_mail(configured: Settings, now: float) -> None:
    hours = f"{wall(now, -30)}-{wall(now, 30)}"
    seed.job(358792, "beam", now - 5, 1)
    seed.detect(configured.replace(notify_quiet=(f"sound {hours}", f"mail {hours}")))
    deferred, suppressed, pending = sorted(
        Delivery.select(Delivery, Notification).join(Notification).where(Notification.kind == "crash"), key=lambda each: each.channel
    )
    assert (deferred.channel, deferred.state) == ("mail", "deferred")
    assert 29 * 60 - 120 < deferred.not_before - now < 31 * 60 + 3600
    assert (suppressed.channel, suppressed.state, suppressed.detail) == ("sound", "suppressed", "quiet hours")
    assert (pending.channel, pending.state) == ("webhook chat.cern.ch", "pending")


def test_deliveries_of_a_removed_channel_are_closed(configured: Settings, now: float) -> None:
    seed.job(358792, "beam", now - 5, 1)
    seed.detect(configured)
    EventCollector(configured.replace(notify_sound="")).close_removed_channels()
    assert [(state, why) for state, why in states("sound")] == [("failed", "the channel is no longer configured")]
    assert {state for state, _ in states("mail")} == {"pending"}


def states(channel: str) -> list[tuple[str, str]]:
    return [(each.state, each.detail) for each in Delivery.select().where(Delivery.channel == channel)]


def test_default_subscriptions(configured: Settings, settings: Settings) -> None:
    assert settings.of(NotifySettings).notify_systems == ("production", "plots", "trends", "jobs", "transfers")
    defaults = settings.replace(
        **{
            name: value
            for name, value in configured.values.items()
            if name in ("notify_webhooks", "notify_smtp", "notify_mail_from", "notify_mail_to", "notify_sound")
        }
    )
    problems = ("crash", "stuck", "silent-host")
    of_square = {channel.kind: tuple(kind for kind in channel.kinds if kind in KINDS) for channel in channels(defaults)}
    assert of_square == {
        "mail": problems,
        "sound": problems,
        "webhook": ("run-start", "run-end", *problems),
    }


def test_detection_writes_nothing_when_nothing_is_new(configured: Settings, now: float) -> None:
    seed.job(358792, "beam", now - 5, 1)
    seed.detect(configured)
    before = version_of(COUNTER)
    seed.detect(configured)
    assert version_of(COUNTER) == before > 0
