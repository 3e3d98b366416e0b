"""Rules judged on snapshots of an ongoing run, read from files as in operation."""

from __future__ import annotations

import os
import time
from contextlib import suppress

import pytest

from app.alarms.conditions.base import Broken
from app.alarms.definition import AlarmRuleDefinition
from app.alarms.event_source import AlarmEvents
from app.alarms.models import FOLDER, LAYOUT, NEW, RECOVERED, WORKSPACE, AlarmNotice, AlarmRule, PlotAlarm, hash_of
from app.alarms.reading import open_alarms
from app.alarms.ready_rules import add_ready_rule
from app.alarms.recording import Judgement, record
from app.alarms.store import save_rule
from app.core.database import proxy
from app.core.settings import Settings
from app.gui.errors import GuiError
from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.layouts.editing.store import activate, save
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.workspace import Workspace
from app.gui.models import File
from tests.alarms.live_sample import LIVE, LiveSample, problems
from tests.alarms.rules import ERRORS
from tests.support.patience import PATIENCE_S


@pytest.fixture
def live(hub: Settings) -> LiveSample:
    """The ongoing run before its first snapshot."""
    return LiveSample(hub)


def add(condition: str = "quality", place: str = "DT", kind: str = FOLDER, **changes: object) -> AlarmRule:
    """A rule like ERRORS."""
    fields = ERRORS._asdict() | {"name": f"{condition} of {kind} {place}", "condition": condition, "place": place, "place_kind": kind}
    return save_rule(AlarmRuleDefinition(**fields | changes), number=None, user="ann")


def alarms(rule: AlarmRule) -> list[tuple[str, str, str]]:
    """Subject, state and detail of the alarms of a rule."""
    found = PlotAlarm.select().where(PlotAlarm.rule == rule.id).order_by(PlotAlarm.subject)
    return [(alarm.subject, alarm.state, alarm.detail) for alarm in found]


def add_layout(path: str, *plots: str) -> None:
    """An active layout of the online scope."""
    saved = save(Layout(path, ("online",), tuple((PlotCell(plot),) for plot in plots)))
    activate(saved.arrangement, saved.number, "ann")


@pytest.mark.both_databases
def test_failing_tests_of_a_folder_a_layout_and_a_workspace_are_alarms(live: LiveSample) -> None:
    add_layout("00 Shift/Errors/A", "DT/a", "RPC/r")
    add_layout("00 Shift/Errors/B", "CSC/c", "CSC/gone")
    saved = save(Workspace("Muons", ("online",), folders=("RPC",), quick=("DT/b", "00 Shift/Errors/B")))
    activate(saved.arrangement, saved.number, "ann")
    shift = add_ready_rule("Shift errors", "ann")
    folder = add(limits={"statuses": ["error", "warning"]})
    plot = add(place="RPC/r")
    workspace = add(place="muons", kind=WORKSPACE)
    numbers = dict.fromkeys(("CSC/c", "DT/a", "DT/b", "RPC/r"), 1.0)
    failed = {
        "CSC/c": [("t", 100, "fine")],
        "DT/a": [("low", 300, "too few"), ("x", 300, ""), ("y", 200, "")],
        "DT/b": [("noise", 200, "")],
    }
    live.write(numbers, failed | {"RPC/r": [("t", 300, "off")]})
    live.judge.step()
    a, r = ("DT/a", NEW, "low: error: too few (and 1 more)"), ("RPC/r", NEW, "t: error: off")
    assert (alarms(shift), alarms(folder)) == ([a, r], [a, ("DT/b", NEW, "noise: warning")])
    assert (alarms(plot), alarms(workspace), problems()) == ([r], [r], {})
    live.write(numbers, {"CSC/c": [("t", 300, "dead")]})
    live.judge.step()
    assert [(subject, state) for subject, state, _ in alarms(shift)] == [("CSC/c", NEW), ("DT/a", RECOVERED), ("RPC/r", RECOVERED)]
    assert [subject for subject, state, _ in alarms(workspace) if state == NEW] == ["CSC/c"]


def test_a_version_of_a_sample_is_judged_once(live: LiveSample) -> None:
    rule = add(raise_after=2)
    for count, states in ((1, ["pending"]), (2, [NEW])):
        live.write({"DT/a": float(count)}, {"DT/a": [("t", 300, "")]})
        for _ in range(3):
            live.judge.step()
        assert [state for _, state, _ in alarms(rule)] == states


def test_a_low_report_summary_is_an_alarm_until_it_is_well_above(live: LiveSample) -> None:
    rule = add("summary", place="", limits={"below": 0.9, "until": 0.95})
    path = "DT/EventInfo/reportSummary"
    for value, state in ((0.93, None), (0.8, NEW), (0.93, NEW), (0.95, RECOVERED), (-1, RECOVERED)):
        live.write({path: value, "RPC/EventInfo/reportSummary": 1.0})
        live.judge.step()
        assert [(subject, state) for subject, state, _ in alarms(rule)] == ([(path, state)] if state else [])


@pytest.mark.both_databases
def test_a_plot_is_absent_after_so_many_lumisections_and_each_run_begins_with_nothing(live: LiveSample) -> None:
    add_layout("Must", "DT/a", "DT/never")
    folder = add("absent", limits={"lumis": 10})
    layout = add("absent", "Must", LAYOUT, limits={"lumis": 10})
    nothing = add("absent", "CSC", limits={"lumis": 12})
    live.show(5, "DT/a", "DT/b")
    live.show(8, "DT/a", "DT/b")
    live.show(9, "DT/b")
    assert (alarms(folder), alarms(layout)) == ([], [])
    live.show(17, "DT/b")
    assert (alarms(folder), alarms(layout)) == ([], [("DT/never", NEW, "absent in this run")])
    live.show(18, "DT/b")
    gone = ("DT/a", NEW, "absent since lumisection 8")
    assert (alarms(folder), alarms(layout)[0]) == ([gone], gone)
    assert alarms(nothing) == [("CSC", NEW, "nothing of it is there in this run")]
    live.show(19, "DT/a")
    assert [state for _, state, _ in alarms(folder)] == [RECOVERED]
    live.show(11, run=367_130)
    assert [(subject, state) for subject, state, _ in alarms(folder)] == [("DT/a", RECOVERED)], "nothing is known of this run"


def test_data_that_stand_still_are_an_alarm_and_so_is_their_absence(live: LiveSample) -> None:
    rule = add("stale", limits={"seconds": 60})
    other = add("stale", limits={"seconds": 60}, name="other", dataset="/A/B/C")
    live.judge.step()
    assert alarms(rule) == [("", NEW, "there are no data of the ongoing run of /Global/Online/ALL")]
    assert alarms(other) == [("", NEW, "there are no data of the ongoing run of /A/B/C")]
    live.write({"DT/a": 1.0})
    live.judge.step()
    assert alarms(rule) == [("", NEW, "the newest data of the ongoing run of /Global/Online/ALL are older than 60 s")]
    live.snapshots = int(time.time()) - 1_700_000_000
    live.write({"DT/a": 2.0})
    live.judge.step()
    assert [state for _, state, _ in alarms(rule)] == [RECOVERED]


def test_a_rule_that_cannot_be_judged_says_why_and_stops_no_other(live: LiveSample) -> None:
    good = add()
    for place, kind in (("None", LAYOUT), ("None", WORKSPACE), ("Lost", FOLDER)):
        add(place=place, kind=kind)
    add(name="elsewhere", dataset="/A/B/C")
    AlarmRule.update(condition="luck").where(AlarmRule.id == add(name="old").id).execute()
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    live.judge.step()
    assert [subject for subject, _, _ in alarms(good)] == ["DT/a"]
    assert problems() == {
        "quality of layout None": "There is no layout None, and no folder of layouts with this name",
        "quality of workspace None": "There is no workspace None",
        "quality of folder Lost": "There is no folder Lost in run 0 of /Global/Online/ALL",
        "elsewhere": "There is no run of /A/B/C",
        "old": "There is no condition luck",
    }
    add_layout("None", "DT/a")
    live.judge.step()
    assert "quality of layout None" not in problems()


def test_alarms_stay_while_the_newest_file_cannot_be_read(live: LiveSample) -> None:
    rule = add()
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    live.judge.step()
    live.file.unlink()
    live.judge.step()
    os.mkdir(live.file)
    live.judge.step()
    assert [state for _, state, _ in alarms(rule)] == [NEW]


def test_an_alarm_that_a_killed_process_did_not_notify_is_notified_although_it_is_over(live: LiveSample) -> None:
    rule = add(calm_s=0)
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    record(rule, Judgement("killed after this", 0, [Broken("DT/a", "failed")], ""), time.time())
    live.write({"DT/a": 2.0})
    live.judge.step()
    assert [notice.kind for notice in AlarmNotice.select().order_by(AlarmNotice.id)] == ["plot-alarm", "plot-alarm-recovered"]


def test_a_rule_says_that_the_newest_data_cannot_be_read_until_they_can(live: LiveSample) -> None:
    rule = add()
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    live.judge.step()
    good = live.file.read_bytes()
    live.file.write_bytes(b"no snapshot")
    with suppress(GuiError):
        live.catalog.open(LIVE, PATIENCE_S)
    live.judge.step()
    assert problems()[rule.name].startswith("The newest data cannot be read: ")
    live.file.write_bytes(good)
    live.catalog.open(LIVE, PATIENCE_S)
    live.judge.step()
    assert (problems(), [state for _, state, _ in alarms(rule)]) == ({}, [NEW])


def test_alarms_of_a_folder_that_is_gone_stay_until_it_returns_or_the_run_changes(live: LiveSample) -> None:
    rule, summary = add(calm_s=0), add("summary", calm_s=0)
    run, low = {"CSC/EventInfo/iRun": 367_129}, {"DT/EventInfo/reportSummary": 0.1}
    failed = {"DT/a": [("t", 300, "off")]}
    live.write(run | low | {"DT/a": 1.0}, failed)
    live.judge.step()
    live.write(run | {"CSC/c": 1.0})
    live.judge.step()
    live.judge.step()
    assert alarms(rule) == [("DT/a", NEW, "t: error: off (no longer in the data)")]
    assert alarms(summary) == [("DT/EventInfo/reportSummary", NEW, "report summary 0.1, below 0.9 (no longer in the data)")]
    assert problems() == dict.fromkeys((rule.name, summary.name), "There is no folder DT in run 0 of /Global/Online/ALL")
    live.write(run | {"DT/a": 1.0}, failed)
    live.judge.step()
    assert (alarms(rule), problems()) == (
        [("DT/a", NEW, "t: error: off")],
        {summary.name: "There is no report summary below DT in run 0 of /Global/Online/ALL"},
    )
    live.write({"CSC/EventInfo/iRun": 367_130})
    live.judge.step()
    assert [state for _, state, _ in alarms(rule) + alarms(summary)] == [RECOVERED, RECOVERED]
    assert [notice.kind for notice in AlarmNotice.select()].count("plot-alarm-recovered") == 2


def test_a_notice_of_the_ongoing_run_knows_its_number_and_lumisection(live: LiveSample) -> None:
    rule = add()
    live.write({"DT/EventInfo/iRun": 367_129, "DT/EventInfo/iLumiSection": 7, "DT/a": 1.0}, {"DT/a": [("t", 300, "off")]})
    live.judge.step()
    (notice,) = AlarmNotice.select()
    (event,) = AlarmEvents().find("plots", 0, time.time())
    (alarm,) = open_alarms()
    assert (notice.run, notice.run_number, notice.lumi, event.run) == (0, 367_129, 7, 367_129)
    assert (alarm.rule, alarm.run, alarm.run_number, alarm.lumi) == (rule.id, 0, 367_129, 7)


def test_data_that_are_being_read_for_the_first_time_are_not_absent(live: LiveSample) -> None:
    rule = add("stale", limits={"seconds": 60})
    live.file.write_bytes(b"a snapshot that nobody has read yet")
    register([Entry(LIVE.dataset, 0, 0, str(live.file), "protobuf")])
    live.judge.step()
    assert alarms(rule) == []
    File.update(registered=File.registered - 60).execute()
    live.judge.step()
    assert [detail[:72] for _, _, detail in alarms(rule)] == ["the newest data of the ongoing run of /Global/Online/ALL are not read ye"]


def test_a_rule_about_absent_plots_says_that_the_data_do_not_contain_their_lumisection(live: LiveSample) -> None:
    rule = add("absent", limits={"lumis": 3})
    live.show(1, "DT/a")
    live.show(2)
    live.show(4)
    assert [subject for subject, _, _ in alarms(rule)] == ["DT/a"]
    live.write({"DT/b": 1.0})
    live.judge.step()
    assert problems()[rule.name].startswith("The data do not contain their lumisection (iLumiSection")
    assert [state for _, state, _ in alarms(rule)] == [NEW]


@pytest.mark.both_databases
def test_what_the_database_refuses_for_one_rule_stops_no_other_one(live: LiveSample) -> None:
    first, second = add(), add(place="")
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    PlotAlarm.create(rule=first.id, subject="x", run=0, state=RECOVERED, detail="", begun=1.0, judged=1.0, version=1)
    PlotAlarm.update(subject_hash=hash_of("DT/a")).execute()  # so that the alarm is taken for this one, and cannot be found by its path
    live.judge.step()
    assert list(problems()) == [first.name]
    assert [state for _, state, _ in alarms(second)] == [NEW]


def test_a_rule_that_cannot_be_notified_stops_no_other_one_and_says_so(live: LiveSample) -> None:
    first, second = add(), add(place="")
    refusal = f"WHEN NEW.rule = {first.id} BEGIN SELECT RAISE(ABORT, 'no place'); END"
    proxy.execute_sql(f"CREATE TRIGGER refusing BEFORE INSERT ON alarm_notice {refusal}")
    live.write({"DT/a": 1.0}, {"DT/a": [("t", 300, "")]})
    live.judge.step()
    assert [notice.rule for notice in AlarmNotice.select()] == [second.id]
    assert problems() == {first.name: "Nobody can be notified of its alarms: no place"}
    proxy.execute_sql("DROP TRIGGER refusing")
    live.judge.step()
    assert ([notice.rule for notice in AlarmNotice.select()], problems()) == ([second.id, first.id], {})
