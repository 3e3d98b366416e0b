"""Whoever judges, notifies and detects may be killed at any statement: people are notified at least once, and all is recorded once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from app.alarms.conditions.base import Broken
from app.alarms.due_notices import add_due_notices
from app.alarms.event_source import AlarmEvents
from app.alarms.models import NEW, RECOVERED, AlarmNotice
from app.alarms.recording import Judgement, record
from app.alarms.store import rule_of
from app.core.database import connect, disconnect, proxy
from app.core.settings import Settings
from app.notify.detection import EventCollector, WatchedSystem
from app.notify.models import Delivery, Notification
from tests.alarms.rules import JudgedRule

MOST_STATEMENTS = 200


def killed(settings: Settings, act: Callable[[], None], statements: int) -> bool:
    """Run `act` in a process that is killed before it runs one more statement than these; whether it was."""
    disconnect()
    child = os.fork()
    if not child:
        run_until_killed(settings, act, statements)
    _, status = os.waitpid(child, 0)
    connect(settings)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def run_until_killed(settings: Settings, act: Callable[[], None], statements: int) -> None:
    """The child: it never returns."""
    code = 1
    try:
        database = connect(settings)
        execute, left = database.execute_sql, statements

        def counted(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return execute(*arguments, **more)

        database.execute_sql = counted
        act()
        code = 0
    finally:
        os._exit(code)


def kill_everywhere(settings: Settings, act: Callable[[], None]) -> int:
    """Kill `act` before its first statement, then before its second one, and so on until it ends; the number of kills."""
    for statements in range(MOST_STATEMENTS):
        if not killed(settings, act, statements):
            return statements
    raise AssertionError("it does not end")


def test_an_alarm_is_raised_recovered_and_notified_once_wherever_its_judge_is_killed(hub: Settings) -> None:
    settings = hub.replace(notify_webhooks=("http://127.0.0.1:9/",))
    rule = JudgedRule.of(raise_after=2, recover_after=2, calm_s=10)
    clock = 0.0

    def judge(*broken: str, mark: str) -> None:
        found = [Broken(subject, "failed") for subject in broken]
        row = rule_of(rule.rule)
        if row.seen != mark:  # as judging looks first
            record(row, Judgement(mark, 0, found, ""), rule.now + clock)
        add_due_notices(rule.now + clock)

    kills = []
    for mark, broken, state in (("1", ("DT/n",), "pending"), ("2", ("DT/n",), NEW), ("3", (), NEW), ("4", (), RECOVERED)):
        clock += 100
        kills.append(kill_everywhere(settings, lambda mark=mark, broken=broken: judge(*broken, mark=mark)))
        alarm = rule.alarms["DT/n"]
        assert (alarm.state, alarm.streak) == (state, {"1": 1, "3": 1}.get(mark, 0)), "each version counts once"
    clock += 100
    kills.append(kill_everywhere(settings, lambda: add_due_notices(rule.now + clock)))
    assert rule.notified == ["", "recovered"]
    assert min(kills) > 5
    assert not proxy.in_transaction()


def test_a_notice_is_one_notification_and_one_delivery_wherever_its_detection_is_killed(hub: Settings) -> None:
    settings = hub.replace(notify_webhooks=("http://127.0.0.1:9/",), notify_webhook_kinds=("all",))
    rule = JudgedRule.of()
    rule.judge("DT/n")
    AlarmNotice.update(at=time.time()).execute()

    def detect() -> None:
        EventCollector(settings).collect(WatchedSystem(AlarmEvents(), "plots"), 3600.0)

    assert kill_everywhere(settings, detect) > 5
    assert [(row.kind, row.outcome, row.title) for row in Notification.select()] == [("plot-alarm", "notified", "There is one DQM alarm.")]
    assert Delivery.select().count() == 1
