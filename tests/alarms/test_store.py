"""Rules, acknowledgements and mutes as rows."""

from __future__ import annotations

import time

import pytest

from app.alarms import reactions
from app.alarms.definition import AlarmRuleDefinition, definition_from_document, document_of_definition
from app.alarms.errors import InvalidAlarmRule, UnknownAlarm
from app.alarms.models import ACKNOWLEDGED, LAYOUT, NEW, RECOVERED, REMINDED, AlarmRule, PlotAlarm
from app.alarms.reading import AlarmCount, open_alarms, open_mutes, recovered_alarms, unacknowledged_count
from app.alarms.ready_rules import add_ready_rule, ready_rules
from app.alarms.store import definition_of, delete_rule, rule_of, save_rule
from app.security.models import Audit

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("hub")]

ERRORS = AlarmRuleDefinition("Errors of DT", "DT", "quality", place="DT")


def add_alarm(rule: AlarmRule, subject: str = "DT/n", state: str = NEW, **values: object) -> PlotAlarm:
    """An alarm as judging stores it."""
    fields = {"run": 0, "detail": "failed", "begun": 1.0, "raised": 2.0, "judged": 2.0, "version": 1} | values
    alarm: PlotAlarm = PlotAlarm.create(rule=rule, subject=subject, state=state, **fields)
    return alarm


def test_a_rule_is_read_as_it_was_saved_with_the_defaults_of_its_condition() -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    assert definition_of(rule_of(rule.id)) == ERRORS._replace(limits={"statuses": ["error"]})
    changed = ERRORS._replace(name="Warnings", limits={"statuses": ["warning", "error"]}, channels=("mail", "sound"), remind_s=60.0)
    save_rule(changed, number=rule.id, user="ben")
    assert definition_of(rule_of(rule.id)) == changed
    assert [(row.user, row.action) for row in Audit.select()] == [("ann", "add alarm rule"), ("ben", "change alarm rule")]


def test_a_rule_survives_a_document() -> None:
    for definition in (ERRORS._replace(limits={"statuses": ["invalid"]}, enabled=False, channels=("mail",)), *ready_rules()):
        assert definition_from_document(document_of_definition(definition)) == definition


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"subsystem": "a\nb"}, "subsystem"),
        ({"condition": "luck"}, "condition"),
        ({"limits": {"statuses": ["good"]}}, "limits.statuses"),
        ({"limits": {"statuses": []}}, "limits.statuses"),
        ({"limits": {"below": 1}}, "limits.below"),
        ({"condition": "summary", "limits": {"below": "much"}}, "limits.below"),
        ({"condition": "summary", "limits": {"below": 0.9, "until": 0.8}}, "limits.until"),
        ({"condition": "absent", "limits": {"lumis": 1.5}}, "limits.lumis"),
        ({"condition": "stale", "limits": {"seconds": float("nan")}}, "limits.seconds"),
        ({"dataset": "Online"}, "dataset"),
        ({"place_kind": "shelf"}, "place_kind"),
        ({"place_kind": LAYOUT, "place": "/"}, "place"),
        ({"raise_after": 0}, "raise_after"),
        ({"recover_after": "two"}, "recover_after"),
        ({"calm_s": -1}, "calm_s"),
        ({"channels": ("pigeon",)}, "channels"),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused_by_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidAlarmRule) as caught:
        save_rule(AlarmRuleDefinition(**ERRORS._asdict() | changes), number=None, user="ann")
    assert [name for name, _ in caught.value.fields] == [field]
    assert not AlarmRule.select().exists()


def test_limits_may_be_texts_of_forms() -> None:
    rule = save_rule(ERRORS._replace(condition="summary", limits={"below": "0.8", "until": "0.85"}), number=None, user="ann")
    assert definition_of(rule).limits == {"below": 0.8, "until": 0.85}


def test_two_rules_cannot_have_one_name() -> None:
    save_rule(ERRORS, number=None, user="ann")
    with pytest.raises(InvalidAlarmRule, match="another rule"):
        save_rule(ERRORS, number=None, user="ann")


def test_documents_with_unknown_or_missing_fields_are_refused() -> None:
    with pytest.raises(InvalidAlarmRule) as caught:
        definition_from_document({"name": "a", "colour": "red", "limits": 3})
    assert [name for name, _ in caught.value.fields] == ["colour", "subsystem", "condition", "limits"]


def test_texts_of_documents_must_be_texts() -> None:
    for field in ("name", "subsystem", "condition", "dataset", "place_kind", "place", "channels", "limits", "enabled"):
        for value in (None, {"a": 1}, [["quality"]], 5):
            with pytest.raises(InvalidAlarmRule, match="expected"):
                definition_from_document({"name": "a", "subsystem": "DT", "condition": "quality"} | {field: value})


def test_numbers_of_rows_are_not_used_again() -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    alarm = add_alarm(rule)
    reactions.mute(rule.id, None, time.time() + 60, "repair", "ben")
    (mute,) = open_mutes()
    rule.delete_instance()
    other = save_rule(ERRORS, number=None, user="ann")
    assert other.id > rule.id
    assert add_alarm(other).id > alarm.id
    reactions.mute(other.id, None, time.time() + 60, "repair", "ben")
    assert open_mutes()[0].number > mute.number


def test_the_first_ready_rule_is_that_of_the_legacy_alarm_system() -> None:
    rule = add_ready_rule(ready_rules()[0].name, "ann")
    assert (rule.dataset, rule.place_kind, rule.place) == ("/Global/Online/ALL", LAYOUT, "00 Shift/Errors")
    assert (rule.limits, rule.remind_s, rule.max_reminders) == ('{"statuses": ["error"]}', 3600, 3)
    with pytest.raises(UnknownAlarm, match="Shift errors"):
        add_ready_rule("none", "ann")


def test_an_acknowledged_alarm_counts_no_more_until_that_is_taken_back() -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    first, second = add_alarm(rule), add_alarm(rule, "DT/m", REMINDED, reminders=1, is_error=False)
    add_alarm(rule, "DT/o", RECOVERED, recovered=3.0)
    before = unacknowledged_count()
    assert (before.count, before.errors) == (2, 1)
    assert reactions.acknowledge([first.id, second.id, 99], "ben", "calling DT") == 2
    assert reactions.acknowledge([first.id], "eve") == 0
    assert unacknowledged_count() == AlarmCount(0, 0, before.version + 2)
    assert [(each.subject, each.state, each.acknowledged_by, each.note) for each in open_alarms()] == [
        ("DT/n", ACKNOWLEDGED, "ben", "calling DT"),
        ("DT/m", ACKNOWLEDGED, "ben", "calling DT"),
    ]
    assert [each.subject for each in recovered_alarms()] == ["DT/o"]
    assert reactions.unacknowledge([first.id, second.id], "ben") == 2
    assert [each.state for each in open_alarms()] == [NEW, REMINDED]


def test_a_muted_alarm_does_not_count_until_the_mute_ends() -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    add_alarm(rule)
    add_alarm(rule, "DT/m")
    reactions.mute(rule.id, ["DT/m"], time.time() + 60, "repair", "ben")
    assert unacknowledged_count().count == 1
    assert [(each.subject, each.mute and each.mute.reason) for each in open_alarms()] == [("DT/n", None), ("DT/m", "repair")]
    reactions.mute(rule.id, None, time.time() + 60, "all of it", "ben")
    assert unacknowledged_count().count == 0
    mutes = open_mutes()
    for each in mutes:
        reactions.end_mute(each.number, "ben")
    assert unacknowledged_count().count == 2
    with pytest.raises(UnknownAlarm):
        reactions.end_mute(mutes[0].number, "ben")


@pytest.mark.parametrize(("ahead_s", "reason", "field"), [(-1, "a", "ends"), (8 * 86400, "a", "ends"), (60, " ", "reason")])
def test_a_mute_has_an_end_within_a_week_and_a_reason(ahead_s: float, reason: str, field: str) -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    with pytest.raises(InvalidAlarmRule) as caught:
        reactions.mute(rule.id, None, time.time() + ahead_s, reason, "ben")
    assert [name for name, _ in caught.value.fields] == [field]


def test_a_rule_that_is_switched_off_or_deleted_has_no_alarms() -> None:
    rule = save_rule(ERRORS, number=None, user="ann")
    add_alarm(rule)
    save_rule(ERRORS._replace(enabled=False), number=rule.id, user="ann")
    assert not open_alarms()
    assert [each.detail for each in recovered_alarms()] == ["its rule was switched off"]
    delete_rule(rule.id, "ann")
    assert not recovered_alarms()
    with pytest.raises(UnknownAlarm):
        rule_of(rule.id)
