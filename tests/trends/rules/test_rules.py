"""Rules notice when a trend leaves its band and when it is back, tell each once, and never stop each other."""

from __future__ import annotations

import math
import re
from urllib.parse import quote

import pytest

from app.core.database import proxy
from app.notify.messages import path_of
from app.notify.models import Notification
from app.trends.rules import stepping, store
from app.trends.rules.definition import RuleDefinition, definition_from_form
from app.trends.rules.errors import InvalidRule, RuleConflict
from app.trends.rules.event_source import TrendEvents
from app.trends.rules.models import TrendRule, TrendViolation
from app.trends.rules.status import rule_lines, rule_metrics
from tests.trends.query.points_of_tests import DATASET
from tests.trends.rules.conftest import FIRST, LAST, RULE, WatchedTrend

pytestmark = pytest.mark.both_databases


def test_a_step_is_told_once_and_the_recovery_once(watched: WatchedTrend) -> None:
    store.add_rule(RULE, "alice")
    watched.evaluate()
    assert watched.notified() == []
    watched.add(20.0, 21.0, 19.0)
    watched.evaluate()
    begun = ("trend-outside", LAST + 1)
    assert watched.notified() == [begun]
    watched.add(20.0, 22.0)
    watched.evaluate()
    assert watched.notified() == [begun], "the violation goes on"
    watched.add(10.0)
    watched.evaluate()
    watched.evaluate()
    assert watched.notified() == [begun, ("trend-inside", LAST + 6)]


def test_the_notification_says_what_and_leads_to_the_chart_with_the_band(watched: WatchedTrend) -> None:
    store.add_rule(RULE._replace(note="Call the pixel expert"), "alice")
    watched.add(20.0, 21.0, 19.5)
    watched.evaluate()
    watched.notified()
    row = Notification.get()
    width = 3 * math.sqrt(20 / 19)
    assert row.title == "charge is outside its band since run 355021"
    assert row.text == (
        f"DT StreamExpress Express: 3 runs in a row, 19.5 in run 355023; the band is 10.0 ± {width:.1f} (3 sigma) "
        "of runs 355001-355020. Call the pixel expert"
    )
    assert path_of(row) == "/trends/chart?series=DT/charge/StreamExpress/Express&runs=355001-355023&band=355001-355020&sigma=3"


@pytest.mark.parametrize(
    ("values", "is_violated"),
    [
        ((20.0, 20.0), False),
        ((20.0, 10.0, 20.0, 20.0), False),
        ((20.0, "Empty histogram", 20.0, 20.0), True),
        ((10.0, 0.0, 20.0, 0.0), True),
        ((13.0, 13.0, 13.0), False),
        ((13.2, 13.2, 13.2), True),
    ],
    ids=["too few", "interrupted", "a run without a point between", "on both sides", "just inside", "just outside"],
)
def test_only_points_outside_in_a_row_are_a_violation(watched: WatchedTrend, values: tuple[float | str, ...], is_violated: bool) -> None:
    store.add_rule(RULE, "alice")
    watched.add(*values)
    watched.evaluate()
    assert bool(TrendViolation.select().count()) is is_violated


def test_runs_that_are_not_significant_do_not_count(watched: WatchedTrend) -> None:
    store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0)
    watched.run += 1
    watched.store.facts(watched.run, rr_significant=False, duration=10.0, recorded_lumi=0.0)
    watched.store.add(watched.run, {"charge": (20.0, 0.1)})
    watched.evaluate()
    assert not TrendViolation.select().count()


def test_with_a_run_registry_runs_of_unknown_significance_wait(watched: WatchedTrend) -> None:
    watched.settings = watched.settings.replace(runs_rr_url="https://cmsrunregistry.web.cern.ch/api")
    store.add_rule(RULE, "alice")
    for _ in range(3):
        watched.run += 1
        watched.store.add(watched.run, {"charge": (20.0, 0.1)})
    watched.evaluate()
    assert watched.notified() == [], "their facts were not fetched: they may be cosmic runs"
    watched.store.facts(LAST + 1, run_class="Cosmics22", duration=60.0)
    watched.store.facts(LAST + 2, LAST + 3)
    watched.evaluate()
    assert watched.notified() == [], "a short cosmic run and two others"
    watched.add(20.0)
    watched.evaluate()
    assert watched.notified() == [("trend-outside", LAST + 2)]


def test_a_long_list_of_reference_runs_has_short_texts_and_a_link_that_servers_take(watched: WatchedTrend) -> None:
    runs = ",".join(str(run) for run in range(2**31 - 201, 2**31 - 1))
    rule = definition_from_form({**FORM, "band": runs})
    assert rule.reference == runs, "200 runs of the most digits"
    assert "of runs 2147483447,2147483448, ... 2147483646 (200 runs) for" in rule.label
    store.add_rule(RULE._replace(reference=f"{RULE.reference.split('-')[0]}," + ",".join(map(str, range(FIRST + 1, LAST + 1)))), "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    watched.notified()
    row = Notification.get()
    assert f"of runs {FIRST},{FIRST + 1}, ... {LAST} (20 runs)" in row.text
    assert f"&band={FIRST},{FIRST + 1},{FIRST + 2}," in path_of(row), "the chart has all of them"
    assert len(quote(runs)) < 4000, "of the 8,190 bytes that gunicorn takes"


def test_a_rule_whose_selection_has_no_points_says_so(watched: WatchedTrend) -> None:
    store.add_rule(RULE._replace(processing="PromptReco"), "alice")
    store.add_rule(RULE._replace(names="charges*"), "alice")
    store.add_rule(RULE._replace(least_points=21), "alice")
    watched.evaluate()
    assert [rule.problem for rule in TrendRule.select().order_by(TrendRule.id)] == [
        "There are no points of a trend charge in StreamExpress PromptReco of DT",
        "There are no points of a trend charges* in StreamExpress Express of DT",
        "charge has 20 of 21 points that its band needs",
    ]
    (line,) = rule_lines()
    assert (line.state, line.text) == ("warn", "0 of 3 rules evaluated, 0 violated, 3 with problems")


def test_a_rule_that_fails_does_not_stop_the_others(watched: WatchedTrend) -> None:
    store.add_rule(RULE._replace(reference="golden:" + "0" * 64), "alice")
    store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    broken, good = TrendRule.select().order_by(TrendRule.id)
    assert broken.problem.startswith("Cannot be evaluated: There is no golden JSON")
    assert good.problem == ""
    assert watched.notified() == [("trend-outside", LAST + 1)]


def test_a_rule_is_evaluated_only_after_a_change_of_its_points(watched: WatchedTrend) -> None:
    rule = store.add_rule(RULE, "alice")
    assert stepping.evaluate_if_changed(TrendRule.get_by_id(rule.id), watched.settings)
    assert not stepping.evaluate_if_changed(TrendRule.get_by_id(rule.id), watched.settings)
    watched.store.add(watched.run, {"charge": (20.0, 0.1)}, dataset=DATASET.replace("StreamExpress", "Cosmics"))
    assert not stepping.evaluate_if_changed(TrendRule.get_by_id(rule.id), watched.settings), "another selection"
    watched.store.add(watched.run, {"charge": (20.0, 0.1)})
    assert stepping.evaluate_if_changed(TrendRule.get_by_id(rule.id), watched.settings)


def test_a_violation_stored_before_a_kill_is_told_after_the_restart(watched: WatchedTrend) -> None:
    store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    assert not Notification.select().count(), "killed before notifications looked for events"
    assert watched.notified() == [("trend-outside", LAST + 1)]
    assert watched.notified() == [("trend-outside", LAST + 1)], "another process starts"


def test_what_a_killed_evaluation_has_not_stored_is_evaluated_again(watched: WatchedTrend) -> None:
    store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    with proxy.atomic() as transaction:
        watched.evaluate()
        transaction.rollback()
    assert not TrendViolation.select().count()
    watched.evaluate()
    assert watched.notified() == [("trend-outside", LAST + 1)]


def test_two_evaluations_of_the_same_change_make_one_violation(watched: WatchedTrend) -> None:
    rule = store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    first, second = TrendRule.get_by_id(rule.id), TrendRule.get_by_id(rule.id)
    for stale in (first, second):
        stepping.evaluate_if_changed(stale, watched.settings)
    assert TrendViolation.select().count() == 1


def test_a_pattern_watches_each_of_its_series(watched: WatchedTrend) -> None:
    watched.store.configure("DT", charge="basic.Mean() DT/charge", charge_2="basic.Mean() DT/other", noise="basic.Mean() DT/noise")
    for run in range(FIRST, LAST + 1):
        watched.store.add(run, {"charge_2": (5.0 + run % 2, 0.1), "noise": (1.0 + run % 2, 0.1)})
    for run in range(LAST + 1, LAST + 4):
        watched.store.facts(run)
        watched.store.add(run, {"charge": (10.0, 0.1), "charge_2": (50.0, 0.1), "noise": (50.0, 0.1)})
    store.add_rule(RULE._replace(names="charge*"), "alice")
    watched.evaluate()
    assert [violation.series for violation in TrendViolation.select()] == ["DT/charge_2/StreamExpress/Express"]
    assert TrendRule.get().series == 2


def test_switching_a_rule_off_ends_its_violations_silently(watched: WatchedTrend) -> None:
    rule = store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    store.switch_rule(rule, False, "alice")
    watched.evaluate()
    assert watched.notified() == [("trend-outside", LAST + 1)]
    violation = TrendViolation.get()
    assert (violation.end_run, violation.end_text) == (None, "its rule was switched off")
    event = TrendEvents().find("trends", 0, 1e12)[0]
    assert not TrendEvents().is_open(event)


def test_a_changed_rule_is_evaluated_again_and_keeps_a_violation_that_goes_on(watched: WatchedTrend) -> None:
    rule = store.add_rule(RULE, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    store.change_rule(rule, RULE._replace(sigmas=5.0), 1, "bob")
    watched.evaluate()
    assert watched.notified() == [("trend-outside", LAST + 1)]
    store.change_rule(rule, RULE._replace(sigmas=20.0), 2, "bob")
    watched.evaluate()
    assert watched.notified() == [("trend-outside", LAST + 1), ("trend-inside", LAST + 3)]
    with pytest.raises(RuleConflict):
        store.change_rule(rule, RULE, 1, "alice")


def test_an_outlier_among_the_reference_runs_does_not_widen_a_robust_band(watched: WatchedTrend) -> None:
    watched.store.add(FIRST, {"charge": (1000.0, 0.1)})
    watched.add(20.0, 20.0, 20.0)
    store.add_rule(RULE, "alice")
    store.add_rule(RULE._replace(is_robust=True), "alice")
    watched.evaluate()
    assert [violation.rule.is_robust for violation in TrendViolation.select()] == [True]


def test_status_and_metrics_have_the_rules(watched: WatchedTrend) -> None:
    assert list(rule_lines()) == []
    store.add_rule(RULE, "alice")
    store.switch_rule(store.add_rule(RULE, "alice"), False, "alice")
    watched.add(20.0, 20.0, 20.0)
    watched.evaluate()
    (line,) = rule_lines()
    assert (line.state, line.text) == ("ok", "1 of 2 rules evaluated, 1 violated, 1 off")
    found = {sample.labels["state"]: sample.value for metric in rule_metrics() for sample in metric.samples if "state" in sample.labels}
    assert found == {"ok": 0, "violated": 1, "problem": 0, "new": 0, "off": 1}


FORM = {
    "subsystem": "DT",
    "pd": "StreamExpress",
    "ps": "Express",
    "names": "charge*",
    "band": " 355001-355020 ",
    "sigma": "2.5",
    "in_a_row": "4",
    "least_points": "10",
    "robust": "1",
    "note": "x",
}


def test_a_form_is_read_as_it_is_written() -> None:
    expected = RuleDefinition("DT", "StreamExpress", "Express", "charge*", "355001-355020", 2.5, 4, 10, True, "x")
    assert definition_from_form(FORM) == expected


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("subsystem", "", "expected a name"),
        ("pd", "a/b", "expected a name without /"),
        ("ps", "x" * 300, "at most 200"),
        ("names", "a b", "expected the name of a trend"),
        ("names", "", "expected the name of a trend"),
        ("band", "", "expected fixed runs"),
        ("band", "latest:50", "the latest runs would follow a drift"),
        ("band", ",".join(map(str, range(355_001, 355_202))), "a list has at most 200 runs, not 201: choose a range"),
        ("band", "yesterday", "is no choice of runs"),
        ("sigma", "0", "above 0"),
        ("sigma", "nan", "above 0"),
        ("in_a_row", "0", "from 1 to 100"),
        ("in_a_row", "1e3", "from 1 to 100"),
        ("least_points", "1", "from 2"),
        ("note", "a\0b", "printable"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(field: str, value: str, problem: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        definition_from_form({**FORM, field: value})
    ((name, text),) = caught.value.fields
    assert name == field
    assert re.search(re.escape(problem), text)
