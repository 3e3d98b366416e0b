"""Points from files: each of the right trend, version, dataset and file, whatever changes in configurations and on disk."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import uproot

from app.gui.models import Sample
from app.gui.samples import SampleKey
from app.security.models import Audit
from app.trends import extraction
from app.trends.changed_files import mark_changed_files
from app.trends.computing_process import ComputingProcess
from app.trends.due import due
from app.trends.export import exported_points
from app.trends.models import Trend, TrendExtraction, TrendLosingFile, TrendPoint
from app.trends.status import totals
from tests.support.cli import dqmhub
from tests.trends.conftest import FILES, Site

pytestmark = pytest.mark.slow

V1, V2, NEXT_RUN, OTHER_ERA = FILES
COUNT = "basic.BinCount(2) DT/n"


def test_each_run_has_a_point_with_its_value(site: Site) -> None:
    site.configure(n=COUNT, entries="basic.Count() DT/n")
    assert site.extract(*site.add(V1, NEXT_RUN)) == "2 samples extracted, 0 failed"
    assert site.points() == {("n", 355555): 100, ("n", 355556): 300, ("entries", 355555): 100, ("entries", 355556): 300}
    assert site.extract() == "0 samples extracted, 0 failed", "nothing is due any more"


@pytest.mark.both_databases
@pytest.mark.parametrize("order", [(V1, V2), (V2, V1)], ids=["older first", "newer first"])
@pytest.mark.parametrize("together", [True, False], ids=["in one command", "one after the other"])
def test_the_highest_version_of_a_file_wins_and_the_loser_is_named(site: Site, order: tuple[str, str], together: bool) -> None:
    site.configure(n=COUNT)
    files = site.add(*order)
    for paths in [files] if together else [[file] for file in files]:
        site.extract(*paths)
    assert site.points() == {("n", 355555): 200}
    assert [Path(loser.url).name for loser in TrendLosingFile.select()] == [V1]
    (point,) = exported_points()
    assert (Path(point.file).name, Path(point.losing_files).name) == (V2, V1)


@pytest.mark.parametrize("is_newer", [True, False])
def test_of_two_files_with_one_version_that_with_the_later_time_of_change_wins(site: Site, is_newer: bool) -> None:
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    site.extract(file)
    other = site.folder / "other" / V1
    other.parent.mkdir()
    other.write_bytes((site.files / V2).read_bytes())
    offset = 100 if is_newer else -100
    os.utime(other, (time.time() + offset, time.time() + offset))
    site.extract(other)
    assert site.points() == {("n", 355555): 200 if is_newer else 100}


@pytest.mark.both_databases
def test_a_broken_newer_file_is_a_problem_until_it_is_whole(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    (broken,) = site.add(V2)
    whole = broken.read_bytes()
    broken.write_bytes(whole[:100])
    site.extract(broken)
    assert site.points() == {("n", 355555): 100}
    assert totals().by_state == {"partial": 1}
    assert V2 in dqmhub(site.settings, "trends", "status").stdout
    broken.write_bytes(whole)
    TrendExtraction.update(next_try=0).execute()
    site.extract()
    assert (site.points(), totals().by_state) == ({("n", 355555): 200}, {"done": 1})


@pytest.mark.both_databases
def test_a_trend_added_after_the_file_of_the_points_was_replaced_by_an_older_one_has_a_reason(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V2))
    site.extract(*site.add(V1))
    site.configure(n=COUNT, entries="basic.Count() DT/n")
    assert site.extract() == "1 sample extracted, 0 failed"
    assert site.points() == {("n", 355555): 200, ("entries", 355555): None}
    assert site.extract() == "0 samples extracted, 0 failed"


@pytest.mark.both_databases
def test_points_of_another_process_are_not_replaced_by_those_of_a_file_read_before(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One reads the older file; before it stores the points, another one extracts the newer file."""
    site.configure(n=COUNT)
    site.sync(*site.add(V1))
    compute_first, calls = ComputingProcess.compute, []

    def compute(*arguments: Any) -> Any:
        found = compute_first(*arguments)
        calls.append(1)
        if len(calls) == 1:
            site.extract(*site.add(V2))
        return found

    monkeypatch.setattr(ComputingProcess, "compute", compute)
    extraction.extract(SampleKey(355555, 0, "/ZeroBias/Run2022C-Express-v1/DQMIO"), site.settings)
    assert site.points() == {("n", 355555): 200}


def test_a_file_that_is_replaced_while_it_is_read_is_no_failure(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """As files of a demo are while they are made again; what replaces it is another version of the run."""
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    site.sync(file)
    compute_first, states = ComputingProcess.compute, []

    def compute(*arguments: Any) -> Any:
        if not states:
            states.append("replaced")
            (site.folder / "new").write_bytes((site.files / V2).read_bytes())
            (site.folder / "new").replace(file)
        return compute_first(*arguments)

    monkeypatch.setattr(ComputingProcess, "compute", compute)
    found = extraction.extract(SampleKey(355555, 0, "/ZeroBias/Run2022C-Express-v1/DQMIO"), site.settings)
    assert found.state == "done", found.text
    assert site.points() == {("n", 355555): 200}


@pytest.mark.both_databases
def test_a_sample_with_lumisections_alone_is_not_due(site: Site) -> None:
    site.configure(n=COUNT)
    site.sync(*site.add(V1))
    Sample.update(me_count=0).execute()
    assert due(site.settings) == []


@pytest.mark.both_databases
def test_an_ongoing_run_is_extracted_at_most_every_five_minutes(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    Sample.update(version=Sample.version + 1).execute()
    assert due(site.settings) == []
    TrendExtraction.update(finished=TrendExtraction.finished - 301).execute()
    assert len(due(site.settings)) == 1


def test_two_eras_of_one_run_or_processing_do_not_overwrite_each_other(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1, OTHER_ERA))
    exported = [json.loads(line) for line in dqmhub(site.settings, "trends", "export").stdout.splitlines()]
    assert {(point["dataset"], point["run"], point["value"]) for point in exported} == {
        ("/ZeroBias/Run2022C-Express-v1/DQMIO", 355555, 100),
        ("/ZeroBias/Run2022D-Express-v2/DQMIO", 355557, 400),
    }


@pytest.mark.both_databases
def test_removing_a_section_or_moving_it_changes_no_value(site: Site) -> None:
    """The original matches trends by position, so that each later value went into its neighbour's trend."""
    site.configure(first="basic.Count() DT/n", n=COUNT, empty="basic.Count() DT/empty")
    site.extract(*site.add(V1))
    before = site.points()
    site.configure(empty="basic.Count() DT/empty", n=COUNT)
    site.extract(*site.add(NEXT_RUN))
    assert {key: value for key, value in site.points().items() if key[1] == 355555} == {
        key: value for key, value in before.items() if key[0] != "first"
    }
    assert [trend.name for trend in Trend.select().where(Trend.retired)] == ["first"]
    everything = [json.loads(line) for line in dqmhub(site.settings, "trends", "export").stdout.splitlines()]
    assert ("first", 355555, 100) in {(point["name"], point["run"], point["value"]) for point in everything}, (
        "the points of a retired trend stay"
    )


@pytest.mark.both_databases
def test_another_order_of_files_and_a_double_name_change_no_point(site: Site) -> None:
    site.configure(n=COUNT, entries="basic.Count() DT/n")
    site.extract(*site.add(V1, NEXT_RUN))
    before = dqmhub(site.settings, "trends", "export").stdout
    folder = site.settings.data / "trends" / "DT"
    (folder / "a.ini").rename(folder / "z.ini")
    (folder / "zz.ini").write_text("[plot:n]\nmetric = basic.Mean()\nrelativePath = DT/n\nyTitle = another\n")
    assert site.extract() == "0 samples extracted, 0 failed"
    assert dqmhub(site.settings, "trends", "export").stdout == before


@pytest.mark.both_databases
def test_only_the_bytes_of_wanted_monitor_elements_are_read(site: Site) -> None:
    site.configure(n=COUNT, entries="basic.Count() DT/n")
    (file,) = site.add(V1)
    site.extract(file)
    with uproot.open(file) as root:
        size = root["DQMData/Run 355555/DT/Run summary"].key("n").fNbytes
    assert TrendExtraction.get().bytes_read == size


def test_a_point_from_few_entries_is_marked_and_kept(site: Site) -> None:
    site.configure(n=COUNT)
    config = site.settings.data / "trends" / "DT" / "a.ini"
    config.write_text(config.read_text() + "threshold = 200\n")
    site.extract(*site.add(V1, NEXT_RUN))
    exported = [json.loads(line) for line in dqmhub(site.settings, "trends", "export").stdout.splitlines()]
    assert [(point["value"], point["reason"]) for point in exported] == [(100, "Few entries: fewer than the threshold of 200"), (300, "")]


def test_a_new_trend_is_filled_in_for_all_runs_without_touching_others(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1, NEXT_RUN))
    site.configure(new="basic.Count() DT/n", n=COUNT)
    assert site.extract() == "2 samples extracted, 0 failed"
    assert site.points() == {("n", 355555): 100, ("n", 355556): 300, ("new", 355555): 100, ("new", 355556): 300}


def test_a_changed_trend_has_new_points_and_keeps_the_old_ones(site: Site) -> None:
    site.configure(n="basic.BinCount(1) DT/n")
    site.extract(*site.add(V1))
    assert site.points() == {("n", 355555): 0}
    site.configure(n=COUNT)
    site.extract()
    assert site.points() == {("n", 355555): 100}
    both = [json.loads(line) for line in dqmhub(site.settings, "trends", "export").stdout.splitlines()]
    assert sorted((point["value"], point["is_current"]) for point in both) == [(0, False), (100, True)]


@pytest.mark.both_databases
def test_a_trend_that_changes_back_is_complete_again(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    site.configure(n="basic.BinCount(1) DT/n")
    site.extract(*site.add(NEXT_RUN))
    site.configure(n=COUNT)
    site.extract()
    assert site.points() == {("n", 355555): 100, ("n", 355556): 300}


@pytest.mark.both_databases
def test_a_result_that_is_not_finite_is_no_point_but_a_reason(site: Site) -> None:
    """In the original, one NaN stops a trend for ever, and the answer for its whole subsystem is status 500."""
    site.configure(n=COUNT, nan="basic.BinCount(2) DT/nan", ratio="basic.FractionInBin(1) DT/n", fit="fits.FlatLine(0,0,5,0) DT/empty")
    site.extract(*site.add(V1, NEXT_RUN))
    points = site.points()
    assert (points["n", 355555], points["nan", 355555], points["ratio", 355555], points["fit", 355555]) == (100, None, None, None)
    status = dqmhub(site.settings, "trends", "status", "--reasons").stdout
    assert "2  The value is not finite" in status
    assert "2  No filled bin between 0 and 5 to fit" in status


def test_a_monitor_element_that_a_file_lacks_is_counted(site: Site) -> None:
    site.configure(n=COUNT, absent="basic.Count() DT/nothing")
    site.extract(*site.add(V1))
    assert site.points() == {("n", 355555): 100}
    assert TrendExtraction.get().absent == 1


def test_a_truncated_file_has_its_reason_and_is_extracted_when_it_is_whole(site: Site) -> None:
    """The original records such a file as done, and never looks at it again."""
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert site.extract(file) == "0 samples extracted, 1 failed"
    assert totals().by_state == {"failed": 1}
    assert V1 in dqmhub(site.settings, "trends", "status").stdout
    file.write_bytes(whole)
    TrendExtraction.update(next_try=0).execute()
    site.extract()
    assert site.points() == {("n", 355555): 100}


@pytest.mark.both_databases
def test_a_failed_file_is_tried_again_after_pauses_that_double(site: Site) -> None:
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    file.write_bytes(b"no ROOT file")
    pauses = []
    for _ in range(3):
        TrendExtraction.update(next_try=0).execute()
        site.extract(file)
        (extraction,) = TrendExtraction.select()
        pauses.append(round(extraction.next_try - extraction.finished))
    assert pauses == [300, 600, 1200]


def test_a_failed_file_that_is_named_is_tried_at_once_and_others_are_said_to_wait(site: Site) -> None:
    site.configure(n=COUNT)
    files = site.add(V1, NEXT_RUN)
    for file in files:
        file.write_bytes(b"no ROOT file")
    site.extract(*files)
    for name, file in zip((V1, NEXT_RUN), files, strict=True):
        file.write_bytes((site.files / name).read_bytes())
    done = dqmhub(site.settings, "trends", "extract", str(files[0]))
    assert site.points() == {("n", 355555): 100}
    assert "1 sample waits for its next try" in done.stderr


@pytest.mark.parametrize("arguments", [("/nowhere",), ("--dataset", "/A/B/DQMIO", "/etc/passwd")])
def test_extracting_nothing_but_unusable_files_fails(site: Site, arguments: tuple[str, ...]) -> None:
    site.configure(n=COUNT)
    assert dqmhub(site.settings, "trends", "extract", *arguments).returncode == 1


@pytest.mark.parametrize("arguments", [("--reason", " "), ("--reason", "x" * 501), ("--reason", "mended", "--subsystem", "Nope")])
def test_a_recompute_without_reason_or_trend_is_refused(site: Site, arguments: tuple[str, ...]) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    assert dqmhub(site.settings, "trends", "recompute", *arguments).returncode != 0
    assert site.extract() == "0 samples extracted, 0 failed"


@pytest.mark.both_databases
def test_a_file_that_was_growing_is_extracted_again(site: Site) -> None:
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    site.extract(file)
    assert mark_changed_files() == 0
    file.write_bytes((site.files / V2).read_bytes())
    os.utime(file, (time.time() + 5, time.time() + 5))
    assert mark_changed_files() == 1
    site.extract()
    assert site.points() == {("n", 355555): 200}


def test_a_missing_file_keeps_its_points(site: Site) -> None:
    site.configure(n=COUNT)
    (file,) = site.add(V1)
    site.extract(file)
    file.unlink()
    assert mark_changed_files() == 0
    assert site.points() == {("n", 355555): 100}


@pytest.mark.both_databases
def test_recompute_is_audited_and_reads_the_files_again(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1, NEXT_RUN))
    done = dqmhub(site.settings, "trends", "recompute", "--name", "plot:n", "--reason", "mended metric")
    assert (done.returncode, done.stdout) == (0, "1 trend will be computed again\n")
    TrendPoint.update(value=1).execute()
    assert site.extract() == "2 samples extracted, 0 failed"
    assert site.points() == {("n", 355555): 100, ("n", 355556): 300}
    assert totals().points == 2
    assert [(row.action, row.reason, row.answer) for row in Audit.select().where(Audit.action == "recompute trends")] == [
        ("recompute trends", "mended metric", "1 trend")
    ]


def test_a_configuration_that_cannot_be_read_any_more_does_not_retire_its_trends(site: Site) -> None:
    site.configure(n=COUNT)
    site.extract(*site.add(V1))
    (site.settings.data / "trends" / "DT" / "a.ini").write_text("[plot:n]\nmetric = oops\n")
    site.extract(*site.add(NEXT_RUN))
    assert site.points() == {("n", 355555): 100, ("n", 355556): 300}


def test_compute_prints_value_error_and_reason(site: Site) -> None:
    (file,) = site.add(V1)
    found = dqmhub(site.settings, "trends", "compute", str(file), "basic.BinCount(2)", "DT/n").stdout
    assert json.loads(found) == {"value": 100.0, "error": 10.0, "reason": ""}
    cases = [
        {"file": str(file), "metric": "basic.Count()", "me": "DT/n"},
        {"file": str(file), "metric": "basic.Count()", "me": "DT/nothing"},
        {"file": "/nowhere", "metric": "basic.Count()", "me": "DT/n"},
        {"file": str(file), "metric": "os.system('x')", "me": "DT/n"},  # must be refused: nothing runs it
        {"metric": "basic.Count()"},
        [],
    ]
    lines = "".join(json.dumps(case) + "\n" for case in cases) + "{\n"
    answers = [json.loads(line) for line in dqmhub(site.settings, "trends", "compute", "--batch", typed=lines).stdout.splitlines()]
    assert [answer["value"] for answer in answers] == [100.0, *[None] * 6]
    reasons = [answer["reason"] for answer in answers]
    assert "DT/nothing" in reasons[1]
    assert "os.system" in reasons[3]
    assert reasons[5] == reasons[6] == "The line is no JSON object"
