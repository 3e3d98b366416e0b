"""From judgements to alarms and notices, at times that the tests choose."""

from __future__ import annotations

import json

import pytest

from app.alarms import reactions
from app.alarms.conditions.base import Broken
from app.alarms.errors import UnknownAlarm
from app.alarms.models import ACKNOWLEDGED, MOST_ALARMS, NEW, PENDING, RECOVERED, REMINDED, AlarmMute, PlotAlarm
from app.alarms.reading import NoticeSubject, notice_of, notices, unacknowledged_count
from app.alarms.recording import Judgement, record
from app.alarms.retention import remove_old
from app.alarms.store import rule_of, save_rule
from tests.alarms.rules import ERRORS, START, JudgedRule

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("hub")]


def mute(rule: JudgedRule, seconds: float, subject: str | None = None) -> None:
    """Mute a rule at the time of its tests."""
    AlarmMute.create(rule=rule.rule, subject=subject, begins=rule.now, ends=rule.now + seconds, reason="repair", user="ben")


def test_an_alarm_is_notified_once_while_it_lasts_and_its_recovery_when_it_has_stayed_away() -> None:
    rule = JudgedRule.of(calm_s=60)
    rule.judge("DT/n")
    rule.judge("DT/n")
    assert (rule.states, rule.notified) == ({"DT/n": NEW}, [""])
    rule.judge()
    assert (rule.states, rule.notified) == ({"DT/n": RECOVERED}, [""])
    rule.wait(60)
    assert rule.notified == ["", "recovered"]
    rule.wait(60)
    rule.judge()
    assert rule.notified == ["", "recovered"]
    assert [notice.title for notice in rule.notices] == ["There is one DQM alarm.", "One DQM alarm has recovered."]


def test_a_rule_can_ask_for_several_judgements_in_a_row() -> None:
    rule = JudgedRule.of(raise_after=3, recover_after=2, calm_s=0)
    for broken, state in ((1, PENDING), (1, PENDING), (0, None), (1, PENDING), (1, PENDING), (1, NEW)):
        rule.judge(*["DT/n"] * broken)
        assert rule.states.get("DT/n") == state
    assert (rule.alarms["DT/n"].begun, rule.alarms["DT/n"].raised) == (START + 40, START + 60)
    for broken, state in ((0, NEW), (1, NEW), (0, NEW), (0, RECOVERED), (1, RECOVERED), (1, RECOVERED), (0, RECOVERED)):
        rule.judge(*["DT/n"] * broken)
        assert rule.states == {"DT/n": state}
    assert rule.notified == ["", "recovered"]


def test_an_alarm_that_comes_and_goes_twenty_times_is_notified_once() -> None:
    rule = JudgedRule.of(calm_s=300)
    for _ in range(20):
        rule.judge("DT/n", after_s=23)
        rule.judge(after_s=23)
    assert (rule.notified, rule.alarms["DT/n"].returns) == ([""], 19)
    rule.wait(300)
    assert rule.notified == ["", "recovered"]
    rule.judge("DT/n")
    assert (rule.notified, rule.states, rule.alarms["DT/n"].returns) == (["", "recovered", ""], {"DT/n": NEW}, 0)


def test_an_acknowledged_alarm_that_comes_back_at_once_is_still_acknowledged() -> None:
    rule = JudgedRule.of(remind_s=60)
    rule.judge("DT/n")
    reactions.acknowledge([rule.alarms["DT/n"].id], "ben", "known")
    rule.judge()
    rule.judge("DT/n")
    rule.wait(3600)
    assert (rule.states, rule.notified) == ({"DT/n": ACKNOWLEDGED}, [""])
    rule.judge()
    rule.wait(600)
    rule.judge("DT/n")
    assert (rule.states, rule.alarms["DT/n"].note) == ({"DT/n": NEW}, "")


def test_a_value_within_the_margin_neither_raises_an_alarm_nor_lets_it_recover() -> None:
    rule, margin = JudgedRule.of(), Broken("DT/n", "0.92", is_kept=True)
    rule.judge(margin)
    assert not rule.alarms
    rule.judge("DT/n")
    rule.judge(margin)
    assert (rule.states, rule.alarms["DT/n"].detail) == ({"DT/n": NEW}, "0.92")
    rule.judge()
    rule.judge(margin)
    assert rule.states == {"DT/n": RECOVERED}


def test_reminders_come_together_up_to_their_number_and_not_for_what_is_acknowledged() -> None:
    rule = JudgedRule.of(remind_s=3600, max_reminders=3)
    rule.judge("DT/a", "DT/b")
    rule.wait(1800)
    rule.judge("DT/a", "DT/b", "DT/c")  # notified now, so the hour starts again
    reactions.acknowledge([rule.alarms["DT/b"].id], "ben")
    rule.wait(3599)
    assert rule.notified == ["", ""]
    for _ in range(5):
        rule.wait(3601)
    assert rule.notified == ["", "", "reminder", "reminder", "reminder"]
    assert rule.states == {"DT/a": REMINDED, "DT/b": ACKNOWLEDGED, "DT/c": REMINDED}
    assert [(notice.title, notice.count) for notice in rule.notices[1:3]] == [
        ("There are 3 DQM alarms.", 3),
        ("Reminder: there are 2 DQM alarms.", 2),
    ]


def test_a_notice_has_all_open_alarms_of_the_rule_and_says_which_are_new() -> None:
    rule = JudgedRule.of()
    rule.judge("DT/a")
    rule.judge("DT/a", Broken("DT/b", "noisy", is_error=False))
    last = rule.notices[-1]
    assert last.text == "Errors of DT: DT/b: noisy (new); DT/a: failed"
    assert [(each["subject"], each["is_new"]) for each in json.loads(last.subjects)] == [("DT/b", True), ("DT/a", False)]


def test_what_is_muted_is_judged_and_notified_when_the_mute_ends_and_it_still_lasts() -> None:
    rule = JudgedRule.of(remind_s=60)
    mute(rule, 100)
    rule.judge("DT/a", "DT/b")
    rule.judge("DT/b")
    assert (rule.states, rule.notified) == ({"DT/a": RECOVERED, "DT/b": NEW}, [])
    rule.wait(100)
    assert [[each["subject"] for each in json.loads(notice.subjects)] for notice in rule.notices] == [["DT/b"]]
    rule.wait(3600)
    assert "recovered" not in rule.notified, "nobody knows of DT/a"


def test_an_alarm_that_was_notified_before_its_mute_is_notified_once_more_when_the_mute_ends() -> None:
    rule = JudgedRule.of()
    rule.judge("DT/a", "DT/b", "DT/c")
    reactions.acknowledge([rule.alarms["DT/b"].id], "ben")
    mute(rule, 100)
    mute(rule, 50, "DT/a")
    rule.wait(60)
    assert rule.notified == [""], "its rule is still muted"
    rule.judge("DT/a", "DT/b")
    rule.wait(40)
    rule.wait(40)
    assert rule.notified == ["", ""]
    assert [(each["subject"], each["is_new"]) for each in json.loads(rule.notices[-1].subjects)] == [("DT/a", False)]
    assert not AlarmMute.select().exists()
    reactions.unacknowledge([rule.alarms["DT/b"].id], "ben")
    rule.wait(40)
    assert rule.notified == ["", ""], "it was acknowledged when the mute ended"


def test_the_end_of_a_mute_of_one_subject_notifies_of_no_other_one_as_again() -> None:
    rule = JudgedRule.of()
    rule.judge("DT/a", "DT/b")
    mute(rule, 100, "DT/a")
    rule.wait(100)
    told = {alarm.subject: alarm.told for alarm in PlotAlarm.select()}
    assert (rule.notified, told) == (["", ""], {"DT/a": rule.now, "DT/b": START + 10})


def test_one_subject_can_be_muted_alone() -> None:
    rule = JudgedRule.of()
    mute(rule, 100, "DT/a")
    rule.judge("DT/a", "DT/b")
    assert [[each["subject"] for each in json.loads(notice.subjects)] for notice in rule.notices] == [["DT/b"]]
    mute(rule, 1000, "DT/b")
    rule.judge(after_s=200)
    rule.judge(after_s=700)
    assert rule.notified == [""], "the recovery of DT/b is muted, and nobody knew of DT/a"
    rule.wait(1000)
    assert rule.notified == ["", "recovered"]


def test_at_most_a_thousand_alarms_of_a_rule_are_stored_and_the_others_are_counted() -> None:
    rule = JudgedRule.of(calm_s=0)
    rule.judge(*[f"DT/{number}" for number in range(1500)])
    assert (len(rule.alarms), rule.row.more, unacknowledged_count().count) == (MOST_ALARMS, 500, MOST_ALARMS)
    assert (rule.notices[0].title, rule.notices[0].count) == ("There are 1,500 DQM alarms.", 1500)
    assert rule.notices[0].text.endswith("; and 1,497 more")
    rule.judge(*[f"DT/{number}" for number in range(900, 1500)])
    assert (rule.row.more, list(rule.states.values()).count(NEW)) == (0, 600)


def test_a_judgement_of_a_rule_that_was_changed_meanwhile_counts_nothing() -> None:
    rule = JudgedRule.of()
    read = rule_of(rule.rule)
    save_rule(ERRORS._replace(place="CSC"), number=rule.rule, user="ben")
    record(read, Judgement("5", 0, [Broken("DT/n", "failed")], ""), START)
    assert (rule.alarms, rule.row.seen) == ({}, "")


def test_old_alarms_and_notices_are_removed_but_not_what_is_still_to_be_notified() -> None:
    rule = JudgedRule.of(calm_s=3600)
    rule.judge("DT/a", "DT/b")
    rule.judge("DT/b")
    assert remove_old(rule.now + 1) == 1, "the notice; nobody knows yet that DT/a has recovered"
    rule.wait(3600)
    assert (remove_old(rule.now - 1), remove_old(rule.now + 1)) == (1, 1)
    assert [alarm.subject for alarm in PlotAlarm.select()] == ["DT/b"]


def test_notices_are_read_newest_first_of_one_rule_or_of_all() -> None:
    rules = JudgedRule.of(calm_s=0), JudgedRule.of(name="other")
    rules[0].judge("DT/a")
    rules[1].judge("DT/b", "DT/c")
    rules[0].judge()
    assert [(notice.rule_name, notice.kind, notice.count) for notice in notices()] == [
        ("Errors of DT", "plot-alarm-recovered", 1),
        ("other", "plot-alarm", 2),
        ("Errors of DT", "plot-alarm", 1),
    ]
    assert [notice.number for notice in notices(rules[0].rule, limit=1)] == [rules[0].notices[-1].id]
    assert notice_of(rules[1].notices[0].id).subjects == [NoticeSubject("DT/b", "failed", True), NoticeSubject("DT/c", "failed", True)]
    with pytest.raises(UnknownAlarm):
        notice_of(99)


def test_a_warning_that_becomes_an_error_is_notified_again_and_is_no_more_acknowledged() -> None:
    rule = JudgedRule.of(calm_s=60)
    warning, error = Broken("DT/n", "noisy", is_error=False), Broken("DT/n", "dead")
    rule.judge(warning)
    reactions.acknowledge([rule.alarms["DT/n"].id], "ben", "known")
    rule.judge(error)
    assert (rule.notified, rule.states, rule.alarms["DT/n"].note, rule.notices[-1].text) == (
        ["", ""],
        {"DT/n": NEW},
        "",
        "Errors of DT: DT/n: dead (new)",
    )
    for _ in range(20):
        rule.judge(warning)
        rule.judge(error)
    assert rule.notified == ["", ""], "it goes up and down"
    rule.judge(warning)
    rule.judge(error, after_s=61)
    assert rule.notified == ["", "", ""]
    rule.judge(warning)
    rule.judge(after_s=20)
    rule.judge(error, after_s=20)
    assert (rule.notified, rule.alarms["DT/n"].is_error) == (["", "", ""], True), "it had been an error before it recovered"


def test_a_warning_becomes_an_error_only_after_as_many_judgements_in_a_row_as_the_rule_says() -> None:
    rule = JudgedRule.of(raise_after=2)
    warning, error = Broken("DT/n", "noisy", is_error=False), Broken("DT/n", "dead")
    for each in (warning, warning, error, warning, error):
        rule.judge(each)
    assert (rule.notified, rule.alarms["DT/n"].is_error) == ([""], False)
    rule.judge(error)
    assert (rule.notified, rule.alarms["DT/n"].is_error) == (["", ""], True)


def test_a_thousand_warnings_take_the_place_of_no_error() -> None:
    rule = JudgedRule.of()
    warnings = [Broken(f"DT/{number}", "noisy", is_error=False) for number in range(1200)]
    rule.judge(*warnings)
    reactions.acknowledge([alarm.id for alarm in rule.alarms.values()], "ben")
    rule.judge(Broken("DT/dead", "failed"), *warnings)
    assert (rule.notified, rule.states["DT/dead"], rule.row.more, len(rule.alarms)) == (["", ""], NEW, 200, MOST_ALARMS + 1)
    assert rule.notices[-1].text == "Errors of DT: DT/dead: failed (new); and 200 more"


def test_errors_beyond_a_thousand_are_notified_by_their_number_though_all_others_are_acknowledged() -> None:
    rule = JudgedRule.of(calm_s=60)
    thousand = [f"DT/{number}" for number in range(MOST_ALARMS)]
    rule.judge(*thousand)
    reactions.acknowledge([alarm.id for alarm in rule.alarms.values()], "ben")
    rule.judge(*thousand, "RPC/a")
    assert (rule.notified, rule.notices[-1].title, rule.notices[-1].text) == (
        ["", ""],
        "There is one DQM alarm.",
        "Errors of DT: and 1 more",
    )
    for _ in range(2):
        rule.judge(*thousand)
        rule.judge(*thousand, "RPC/a", "RPC/b")
    assert rule.notified == ["", ""], "their number goes up and down"
    rule.wait(60)
    rule.wait(60)
    assert (rule.notified, rule.notices[-1].count) == (["", "", ""], 2)


def test_what_is_no_longer_in_the_data_is_open_until_it_returns_or_the_run_changes() -> None:
    rule = JudgedRule.of(calm_s=0)
    rule.judge("DT/n", "DT/m")
    rule.judge(run=5, gone=("DT/n", "DT/m"))
    rule.judge(run=5, gone=("DT/n", "DT/m"))
    assert (rule.notified, rule.states) == ([""], {"DT/m": NEW, "DT/n": NEW})
    assert rule.alarms["DT/n"].detail == "failed (no longer in the data)"
    rule.judge("DT/n", run=5, gone=("DT/m",))
    assert rule.alarms["DT/n"].detail == "failed"
    rule.judge(run=5, gone=("DT/m",))
    assert rule.states == {"DT/m": NEW, "DT/n": RECOVERED}
    rule.judge(run=6, gone=("DT/m",))
    assert rule.states == {"DT/m": RECOVERED, "DT/n": RECOVERED}


def test_a_rule_of_another_place_leaves_no_alarm_of_what_is_no_longer_in_the_data() -> None:
    rule = JudgedRule.of()
    rule.judge("DT/n")
    save_rule(ERRORS._replace(place="CSC"), number=rule.rule, user="ann")
    rule.judge(gone=("DT/n",))
    assert rule.states == {"DT/n": RECOVERED}


def test_an_alarm_of_the_end_of_a_mute_is_newer_than_before() -> None:
    rule = JudgedRule.of()
    mute(rule, 100)
    rule.judge("DT/n")
    rule.wait(100)
    assert unacknowledged_count().newest == rule.now


def test_a_number_of_plots_that_are_not_stored_is_news_for_open_pages() -> None:
    rule = JudgedRule.of()
    rule.judge(*[f"DT/{number}" for number in range(MOST_ALARMS + 1)])
    before = unacknowledged_count().version
    rule.judge(*[f"DT/{number}" for number in range(MOST_ALARMS + 3)])
    assert (rule.row.more, unacknowledged_count().version > before) == (3, True)


def test_a_subject_may_be_longer_than_an_index_of_postgresql_holds() -> None:
    rule = JudgedRule.of(calm_s=60)
    path = "/".join(f"{number:0100}" for number in range(40))
    rule.judge(path)
    rule.judge()
    rule.judge(path)
    assert (rule.states, rule.alarms[path].returns) == ({path: NEW}, 1)
