"""Alarm rules from and to files, by the command that administrators use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.alarms.errors import InvalidAlarmRule
from app.alarms.exchange import import_rules
from app.alarms.models import AlarmRule, PlotAlarm
from app.alarms.ready_rules import add_ready_rule, ready_rules
from app.alarms.store import all_rules, save_rule
from app.core.settings import TREE, Settings
from tests.alarms.rules import ERRORS, JudgedRule
from tests.support.cli import dqmhub


def test_exported_rules_are_imported_as_they_were_and_known_ones_are_left_alone(hub: Settings, tmp_path: Path) -> None:
    rule = JudgedRule.of(channels=("mail",), enabled=True)
    rule.judge("DT/n")
    add_ready_rule(ready_rules()[0].name, "ann")
    before = list(AlarmRule.select().order_by(AlarmRule.name).dicts())
    file = tmp_path / "rules.json"
    file.write_text(dqmhub(hub, "alarms", "export").stdout)
    assert dqmhub(hub, "alarms", "import", str(file)).stdout == "0 rules added, 0 changed, 2 unchanged\n"
    assert list(AlarmRule.select().order_by(AlarmRule.name).dicts()) == before
    assert PlotAlarm.select().exists()
    AlarmRule.delete().execute()
    save_rule(ERRORS, number=None, user="ann")
    assert dqmhub(hub, "alarms", "import", str(file)).stdout == "1 rule added, 1 changed, 0 unchanged\n"
    changing = ("id", "user", "changed", "judged", "seen")
    stored = list(AlarmRule.select().order_by(AlarmRule.name).dicts())
    assert [row | dict.fromkeys(changing) for row in stored] == [row | dict.fromkeys(changing) for row in before]


def test_open_alarms_are_listed(hub: Settings) -> None:
    JudgedRule.of().judge("DT/n")
    assert dqmhub(hub, "alarms", "ls").stdout.split(None, 1)[1] == "new          Errors of DT: DT/n: failed\n"
    (alarm,) = json.loads(dqmhub(hub, "alarms", "ls", "--json").stdout)
    assert (alarm["subject"], alarm["state"], alarm["mute"]) == ("DT/n", "new", None)


def test_the_ready_rules_are_an_example_of_a_file(hub: Settings) -> None:
    import_rules((TREE / "app/alarms/ready_rules.toml").read_text(), "ann")
    assert sorted(rule.name for rule in all_rules()) == sorted(rule.name for rule in ready_rules())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "file: no JSON"),
        ("rule = ", "file: neither JSON nor TOML"),
        ("{}", "rule: expected a list"),
        ('{"rule": [5]}', "rule\\[0\\].rule: expected an object"),
        ('[[rule]]\nname = "a"\n', "rule\\[0\\].subsystem: missing"),
        ('[[rule]]\nname = "a"\nsubsystem = "b"\ncondition = "quality"\n' * 2, "rule: two rules have the name a"),
        ('[[rule]]\nname = "a"\nsubsystem = "b"\ncondition = "stale"\nlimits = {seconds = 1}\n', "limits.seconds: expected a number"),
    ],
)
def test_a_file_with_anything_wrong_changes_nothing(hub: Settings, tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InvalidAlarmRule, match=problem):
        import_rules(text, "ann")
    assert not AlarmRule.select().exists()
