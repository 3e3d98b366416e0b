"""Notices of alarms as events that notifications are sent about."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from contextlib import nullcontext

import pytest

from app.alarms.event_source import AlarmEvents
from app.alarms.models import AlarmNotice, AlarmRule
from app.core.events import Event
from app.core.settings import Settings
from app.notify.detection import EventCollector, UnreadableEvents, WatchedSystem, detection_task
from app.notify.models import Delivery, MaintenanceWindow, Notification
from app.queue.periodic import PeriodicTask, TaskRun
from tests.alarms.rules import JudgedRule

pytestmark = pytest.mark.both_databases

CHANNELS = {
    "notify_webhooks": ("http://127.0.0.1:9/",),
    "notify_webhook_kinds": ("all",),
    "notify_mail_to": ("shift@cern.ch",),
    "notify_smtp": "127.0.0.1:9",
    "notify_mail_from": "dqm@cern.ch",
    "notify_mail_kinds": ("all",),
}

PLOTS = WatchedSystem(AlarmEvents(), "plots")
RUN = TaskRun(PeriodicTask("notifications", 2.0, lambda _: nullcontext(lambda: None)), threading.Event(), 60.0)


def detect(hub: Settings) -> None:
    """Notify about all notices, which are of now."""
    AlarmNotice.update(at=time.time()).where(AlarmNotice.at < time.time() - 3600).execute()
    EventCollector(hub.replace(**CHANNELS)).collect(PLOTS, 3600.0)


def sent() -> list[tuple[str, str]]:
    """Kind and channel of all deliveries."""
    query = Delivery.select(Delivery, Notification).join(Notification).order_by(Delivery.id)
    return [(delivery.notification.kind, delivery.channel.split()[0]) for delivery in query]


def test_each_notice_is_notified_also_when_several_of_a_rule_come_within_minutes(hub: Settings) -> None:
    rule = JudgedRule.of(calm_s=0)
    rule.judge("DT/a")
    detect(hub)
    rule.judge("DT/a", "DT/b")
    rule.judge("DT/b")
    detect(hub)
    detect(hub)
    assert [(row.kind, row.outcome) for row in Notification.select().order_by(Notification.id)] == [
        ("plot-alarm", "notified"),
        ("plot-alarm", "notified"),
        ("plot-alarm-recovered", "notified"),
    ]


def test_a_rule_that_names_channels_is_notified_by_these_alone(hub: Settings) -> None:
    JudgedRule.of(channels=("webhook",)).judge("DT/a")
    detect(hub)
    assert sent() == [("plot-alarm", "webhook")]
    JudgedRule.of(name="all").judge("DT/a")
    detect(hub)
    assert sorted(sent()[1:]) == [("plot-alarm", "mail"), ("plot-alarm", "webhook")]


def test_an_alarm_of_a_maintenance_window_is_notified_at_its_end_if_it_lasts(hub: Settings) -> None:
    now = time.time()
    window = MaintenanceWindow.create(system="plots", hosts="", begins=now - 60, ends=now + 60, reason="tests", user="ann")
    rules = JudgedRule.of(), JudgedRule.of(name="short")
    for rule in rules:
        rule.judge("DT/a")
    detect(hub)
    rules[1].judge()
    MaintenanceWindow.update(ends=now - 1).where(MaintenanceWindow.id == window.id).execute()
    detect(hub)
    outcomes = {row.text.partition(":")[0]: row.outcome for row in Notification.select()}
    assert outcomes == {"Errors of DT": "notified", "short": "maintenance"}


def test_the_event_of_a_notice_leads_to_its_page_also_when_its_rule_is_gone(hub: Settings) -> None:
    rule = JudgedRule.of()
    rule.judge("DT/a")
    source = AlarmEvents()
    (event,) = source.find("plots", 0, time.time())
    assert (source.path(event), source.is_open(event), event.run) == (f"/alarms/notices/{rule.notices[0].id}", True, 5)
    AlarmRule.delete_by_id(rule.rule)
    assert source.find("plots", 0, time.time(), ["plot-alarm"]) == [event]
    assert not source.is_open(event)
    assert source.find("plots", 0, time.time(), ["plot-alarm-recovered"]) == []


def test_an_alarm_that_lasts_is_notified_however_late_it_is_detected(hub: Settings) -> None:
    rule, short = JudgedRule.of(), JudgedRule.of(name="short")
    rule.judge("DT/a")
    short.judge("DT/b")
    short.judge()
    AlarmNotice.update(at=time.time() - 3 * 86400).execute()
    with detection_task(hub.replace(**CHANNELS), [PLOTS], RUN) as step:
        step()
        step()
    found = {row.text.partition(":")[0]: row.outcome for row in Notification.select()}
    assert (found, sent()) == ({"Errors of DT": "notified", "short": "late"}, [("plot-alarm", "mail"), ("plot-alarm", "webhook")])


class BrokenEvents(AlarmEvents):
    """A source that cannot be read."""

    def find(self, system: str, since: float, until: float, kinds: Collection[str] | None = None) -> list[Event]:
        """Nothing."""
        raise ValueError("no clock")


def test_a_source_that_fails_stops_the_notifications_of_no_other_one_and_is_named(hub: Settings) -> None:
    JudgedRule.of().judge("DT/a")
    AlarmNotice.update(at=time.time()).execute()
    task = detection_task(hub.replace(**CHANNELS), [WatchedSystem(BrokenEvents(), "broken"), PLOTS], RUN)
    with task as step, pytest.raises(UnreadableEvents, match="the events of broken: ValueError: no clock"):
        step()
    assert sent() == [("plot-alarm", "mail"), ("plot-alarm", "webhook")]
