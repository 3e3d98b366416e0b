"""What happened becomes a notice once, and is told to those who want to know; what is not told says why."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from threading import Thread

import pytest

from app.core.counters import version_of
from app.core.database import end_thread
from app.core.settings import Settings
from app.notify import detection
from app.notify.detection import Finder
from app.notify.models import COUNTER, Delivery, Maintenance, Notice
from app.notify.settings import EVENTS, NotifySettings
from app.notify.transport import message_of
from app.web.clock import CERN
from tests.notify import making

pytestmark = pytest.mark.both_databases

DAY_S = 86400.0


@pytest.fixture
def now() -> float:
    return time.time()


@pytest.fixture
def told(hub: Settings) -> Settings:
    return hub.replace(notice_webhooks=("https://chat.cern.ch/hooks/x",), notice_smtp="mail.cern.ch:25", notice_mail_from="dqm@cern.ch",
        notice_mail_to=("shifter@cern.ch",), notice_sound="daq-expert.cms:50555", notice_sound_kinds=("crash",), notice_mail_kinds=("crash", "stuck"),
    )  # fmt: skip


def look(settings: Settings, system: str = "production") -> None:
    """The first look of a new turn."""
    Finder(settings).look(system, DAY_S)


def fates() -> list[tuple[str, str]]:
    return [(notice.title, notice.fate) for notice in Notice.select().order_by(Notice.id)]


def deliveries() -> list[tuple[str, str, str]]:
    """Kind of notice, channel and state."""
    query = Delivery.select(Delivery, Notice).join(Notice).order_by(Notice.id, Delivery.channel)
    return [(each.notice.kind, each.channel, each.state) for each in query]


def test_each_channel_is_to_tell_what_it_is_set_for(told: Settings, now: float) -> None:
    making.job(358792, "beam", now - 5, 139)
    making.job(358792, "csc", now - 1)
    look(told)
    assert fates() == [("Run 358792 began", "told"), ("beam crashed in run 358792", "told")]
    assert deliveries() == [
        ("run-start", "webhook chat.cern.ch", "waiting"),
        ("crash", "mail", "waiting"),
        ("crash", "sound", "waiting"),
        ("crash", "webhook chat.cern.ch", "waiting"),
    ]


def test_an_event_is_noticed_once_however_often_and_by_how_many_at_a_time_it_is_seen(told: Settings, now: float) -> None:
    for client in range(20):
        making.job(358792, f"client{client}", now - 5, 1)

    def work() -> None:
        try:
            look(told)
        finally:
            end_thread()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    look(told)
    assert Notice.select().where(Notice.kind == "crash").count() == 20
    assert Delivery.select().where(Delivery.channel == "sound").count() == 20


def test_what_was_long_ago_when_it_is_noticed_is_in_the_list_and_told_to_nobody(told: Settings, now: float) -> None:
    making.job(358791, "beam", now - 7200, 1)
    making.job(358792, "beam", now - 30, 1)
    look(told)
    assert [notice for notice in fates() if "beam" in notice[0]] == [
        ("beam crashed in run 358791", "late"),
        ("beam crashed in run 358792", "told"),
    ]
    assert {each.notice.run for each in Delivery.select(Delivery, Notice).join(Notice)} == {358792}


def test_a_crash_is_told_at_once_though_the_clock_of_p5_is_ahead(told: Settings, now: float) -> None:
    making.job(358792, "beam", now + 300, 1)
    look(told)
    assert ("beam crashed in run 358792", "told") in fates()


def test_a_client_that_crashes_again_and_again_is_told_once_in_ten_minutes_and_then_with_a_count(told: Settings, now: float) -> None:
    for ago in (50, 40, 30, 20):
        making.job(358792, "beam", now - ago, 1)
        look(told)
    making.job(358792, "csc", now - 10, 1)
    look(told)
    told_of = [notice for notice in fates() if "crashed" in notice[0]]
    assert told_of == [("beam crashed in run 358792", fate) for fate in ("told", "repeated", "repeated", "repeated")] + [
        ("csc crashed in run 358792", "told")
    ]
    Notice.update(found=Notice.found - detection.REPEAT_S).execute()  # ten minutes later
    making.job(358792, "beam", now - 5, 1)
    look(told)
    last = Notice.select().order_by(Notice.id.desc()).first()
    assert (last.fate, last.repeats) == ("told", 3)
    assert message_of(last, "").text == "Exit code 1, on dqmfu-c2b03-45-01 (and 3 times before, which was not told)"


def test_a_host_that_comes_and_goes_is_told_once_in_ten_minutes(told: Settings, now: float) -> None:
    for ago in (300, 200, 100):
        making.host("dqmfu-c2b03-45-01", now - ago, "connection refused")
        look(told)
    assert [fate for _, fate in fates()] == ["told", "repeated", "repeated"]


@pytest.mark.parametrize(
    ("hosts", "silenced"),
    [("", {"run-start", "crash", "silent-host"}), ("dqmfu-c2b03-45-01 other", {"crash", "silent-host"}), ("other", set())],
)
def test_what_happens_in_maintenance_is_listed_and_told_to_nobody(told: Settings, now: float, hosts: str, silenced: set[str]) -> None:
    Maintenance.create(system="production", hosts=hosts, begins=now - 500, ends=now - 5, reason="new kernel", user="op")
    making.job(358792, "beam", now - 10, 1)
    making.job(358792, "beam", now - 2, 1, host="dqmfu-c2b04-45-01")
    making.host("dqmfu-c2b03-45-01", now - 100, "down")
    making.job(7, "beam", now - 10, 1, system="playback")
    look(told)
    look(told, "playback")
    within = {notice.kind for notice in Notice.select().where(Notice.fate == "maintenance")}
    assert within == silenced
    assert {notice.system for notice in Notice.select().where(Notice.fate == "maintenance")} <= {"production"}
    after = Notice.get(Notice.system == "production", Notice.at > now - 5)
    assert after.fate in ("told", "repeated")


def test_what_still_lasts_when_its_maintenance_is_over_is_told_then(told: Settings, now: float) -> None:
    window = Maintenance.create(system="production", hosts="", begins=now - 5000, ends=now + 60, reason="new kernel", user="op")
    for name in ("dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"):
        making.host(name, now - 100, "down")
    stuck = [making.job(358792, client, now - 1000, host="dqmfu-c2b02-45-01") for client in ("beam", "csc")]
    look(told)
    assert sorted(title for title, fate in fates() if fate == "maintenance") == [
        "beam is stuck in run 358792",
        "csc is stuck in run 358792",
        "dqmfu-c2b03-45-01 does not answer",
        "dqmfu-c2b04-45-01 does not answer",
    ]
    making.host("dqmfu-c2b04-45-01", now)
    making.change(stuck[1], reported=now)
    look(told)
    assert deliveries() == []
    Maintenance.update(ends=now - 1).where(Maintenance.id == window.id).execute()
    look(told)
    look(told)
    told_of = [notice.title for notice in Notice.select().join(Delivery).where(Delivery.channel == "webhook chat.cern.ch")]
    assert sorted(told_of) == ["beam is stuck in run 358792", "dqmfu-c2b03-45-01 does not answer"]


def wall(at: float, minutes: int) -> str:
    """The clock at CERN so many minutes from a moment."""
    return (datetime.fromtimestamp(at, CERN) + timedelta(minutes=minutes)).strftime("%H:%M")


def test_in_quiet_hours_nothing_is_heard_and_mail_is_held_until_their_end(told: Settings, now: float) -> None:
    hours = f"{wall(now, -30)}-{wall(now, 30)}"
    making.job(358792, "beam", now - 5, 1)
    look(told.replace(notice_quiet=(f"sound {hours}", f"mail {hours}")))
    held, dropped, waiting = sorted(
        Delivery.select(Delivery, Notice).join(Notice).where(Notice.kind == "crash"), key=lambda each: each.channel
    )
    assert (held.channel, held.state) == ("mail", "held")
    assert 29 * 60 - 120 < held.not_before - now < 31 * 60 + 3600
    assert (dropped.channel, dropped.state, dropped.why) == ("sound", "dropped", "quiet hours")
    assert (waiting.channel, waiting.state) == ("webhook chat.cern.ch", "waiting")


def test_what_a_channel_was_to_tell_is_closed_when_the_settings_name_it_no_more(told: Settings, now: float) -> None:
    making.job(358792, "beam", now - 5, 1)
    look(told)
    Finder(told.replace(notice_sound="")).forget_channels()
    assert [(state, why) for state, why in states("sound")] == [("failed", "the settings do not name this channel any more")]
    assert {state for state, _ in states("mail")} == {"waiting"}


def states(channel: str) -> list[tuple[str, str]]:
    return [(each.state, each.why) for each in Delivery.select().where(Delivery.channel == channel)]


def test_what_is_told_of_by_default(settings: Settings) -> None:
    assert settings.of(NotifySettings).notice_systems == ("production",)
    assert set(settings.of(NotifySettings).notice_webhook_kinds) == set(EVENTS)
    assert (
        set(settings.of(NotifySettings).notice_sound_kinds)
        == set(settings.of(NotifySettings).notice_mail_kinds)
        == {"crash", "stuck", "silent-host"}
    )


def test_a_look_writes_nothing_when_nothing_is_new(told: Settings, now: float) -> None:
    making.job(358792, "beam", now - 5, 1)
    look(told)
    before = version_of(COUNTER)
    look(told)
    assert version_of(COUNTER) == before > 0
