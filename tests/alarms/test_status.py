"""The line of alarm rules on the status page, their metrics, and the rules of the demo."""

from __future__ import annotations

import time

import pytest
from flask.testing import FlaskClient

from app.alarms.demo import make_demo_rules
from app.alarms.models import AlarmRule
from app.alarms.status import TASK, status_lines
from app.alarms.store import save_rule
from app.core.settings import Settings
from app.queue.periodic import PeriodicTaskState
from tests.alarms.rules import ERRORS, JudgedRule

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("hub")]


def looked(ago_s: float) -> None:
    """The periodic task has looked for new data so long ago."""
    PeriodicTaskState.delete().where(PeriodicTaskState.name == TASK).execute()
    PeriodicTaskState.create(name=TASK, period_s=2.0, last_ok=time.time() - ago_s)


def line(settings: Settings) -> tuple[str, str, str]:
    """State, text and details of the line."""
    (found,) = status_lines(settings)
    return found.state, found.text, found.detail


def test_the_status_counts_rules_and_alarms_and_warns_of_what_is_not_judged(hub: Settings) -> None:
    assert list(status_lines(hub)) == []
    rule = JudgedRule.of()
    save_rule(ERRORS._replace(name="off", enabled=False), number=None, user="ann")
    assert line(hub) == ("warn", "1 rule on, 0 unacknowledged alarms, 1 off", ""), "nobody judges it"
    looked(1)
    rule.judge("DT/n")
    assert line(hub) == ("ok", "1 rule on, 1 unacknowledged alarm, 1 off", "")
    looked(100)
    assert line(hub)[0] == "warn"
    looked(1)
    AlarmRule.update(problem="There is no layout X").where(AlarmRule.id == rule.rule).execute()
    assert line(hub) == ("warn", "1 rule on, 1 unacknowledged alarm, 1 off, 1 with problems", "Errors of DT: There is no layout X")


def test_metrics_count_alarms_by_state(client: FlaskClient) -> None:
    JudgedRule.of().judge("DT/n")
    looked(1)
    text = client.get("/metrics").text
    assert 'dqmhub_alarms{state="new"} 1.0' in text
    assert 'dqmhub_alarms_unacknowledged{severity="error"} 1.0' in text
    assert "dqmhub_alarm_rule_problems 0.0" in text
    assert "dqmhub_alarm_rules_age_seconds" in text


def test_the_rules_of_the_demo_are_stored_once_and_not_over_those_of_people() -> None:
    made = make_demo_rules()
    assert made is not None
    assert (made.added, AlarmRule.select().count()) == (4, 4)
    AlarmRule.get(AlarmRule.name == "Failing tests").delete_instance()
    assert make_demo_rules() is None
    assert AlarmRule.select().count() == 3
