"""Configurations made on pages: a source beside the files, with a history, exported as TOML."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from app.queue.models import BackgroundJob
from app.queue.periodic import PeriodicTask, TaskRun
from app.security.models import Audit
from app.trends.configs.config import TrendConfig
from app.trends.configs.folder import load_configs
from app.trends.configs.page_configs import keep, page_config_history, remove, used_page_configs
from app.trends.configs.sources import load_all_configs
from app.trends.configured import has_configs
from app.trends.errors import ConfigError, OutdatedConfigs
from app.trends.models import Trend, TrendConfigProblem
from app.trends.query.changes import change_number
from app.trends.scan import read_configs, scanning
from app.trends.versions import sync
from tests.support.cli import dqmhub
from tests.trends.conftest import FILES, Site

V1, V2, NEXT_RUN, _ = FILES
KEPT = TrendConfig("DT", "kept", "basic.BinCount(2)", "DT/n", "Count")


@pytest.mark.both_databases
def test_a_trend_kept_on_a_page_has_points_like_one_of_a_file(site: Site) -> None:
    site.configure(n="basic.Count() DT/n")
    files = site.add(V2, NEXT_RUN)
    site.extract(*files)
    keep(KEPT, "ann")
    assert site.extract() == "2 samples extracted, 0 failed", "earlier runs are back-filled"
    assert site.points() == {("n", 355555): 200, ("n", 355556): 300, ("kept", 355555): 200, ("kept", 355556): 300}
    place = Trend.get(Trend.name == "kept").place
    assert place.startswith("page: ann, 20")


@pytest.mark.both_databases
def test_an_instance_without_files_of_configurations_has_the_trends_made_on_pages(site: Site) -> None:
    assert not has_configs(site.settings)
    keep(KEPT, "ann")
    assert has_configs(site.settings)
    site.extract(*site.add(NEXT_RUN))
    assert site.points() == {("kept", 355556): 300}
    remove("DT", "kept")
    site.extract()
    assert (Trend.get().retired, len(site.points())) == (True, 0), "the last one was removed: its points stay, but are not current"


def test_the_file_wins_over_the_page_and_the_double_name_is_reported_with_both_places(site: Site) -> None:
    keep(KEPT, "ann")
    site.configure(kept="basic.Count() DT/n")
    configs = load_all_configs(site.settings)
    assert configs.trends["DT", "kept"].metric == "basic.Count()"
    (problem,) = configs.problems
    assert str(problem).startswith("page: ann, 20")
    assert "kept is configured in DT/a.ini:1 already, which is used" in str(problem)
    assert "DT/a.ini:1" in dqmhub(site.settings, "trends", "check").stdout


def test_a_trend_of_the_page_is_not_retired_while_a_file_cannot_be_read(site: Site) -> None:
    keep(KEPT, "ann")
    site.configure(n="basic.Count() DT/n")
    sync(load_all_configs(site.settings))
    (site.settings.data / "trends" / "DT" / "a.ini").write_bytes(b"\xff\xfe")
    remove("DT", "kept")
    sync(load_all_configs(site.settings))
    assert {trend.name: trend.retired for trend in Trend.select()} == {"n": False, "kept": True}


def test_trends_of_files_are_not_retired_while_their_folder_is_away(site: Site) -> None:
    keep(KEPT, "ann")
    site.configure(n="basic.Count() DT/n")
    sync(load_all_configs(site.settings))
    folder = site.settings.data / "trends"
    away = folder.rename(site.settings.data / "away")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_all_configs(site.settings)
    assert {trend.name: trend.retired for trend in Trend.select()} == {"n": False, "kept": False}
    away.rename(folder)
    (folder / "DT" / "a.ini").unlink()
    sync(load_all_configs(site.settings))
    assert {trend.name: trend.retired for trend in Trend.select()} == {"n": True, "kept": False}, "an empty folder is an answer"
    shutil.rmtree(folder)
    assert [name for _, name in load_all_configs(site.settings).trends] == ["kept"], "no trend is of a file any more"


@pytest.mark.both_databases
def test_reading_the_same_configurations_again_changes_nothing(site: Site) -> None:
    site.configure(n="basic.Count() DT/n", wrong="basic.Count( DT/n")
    sync(load_all_configs(site.settings))
    before = change_number(), [problem.id for problem in TrendConfigProblem.select()]
    assert str(sync(load_all_configs(site.settings))) == "0 new, 0 changed, 0 retired"
    assert (change_number(), [problem.id for problem in TrendConfigProblem.select()]) == before
    assert len(before[1]) == 1
    site.configure(n="basic.Count() DT/n")
    sync(load_all_configs(site.settings))
    assert (change_number() > before[0], TrendConfigProblem.select().count()) == (True, 0), "a problem less is a difference"


def test_a_search_that_read_before_a_trend_was_kept_does_not_retire_it(site: Site) -> None:
    site.configure(n="basic.Count() DT/n")
    before = load_all_configs(site.settings)
    keep(KEPT, "ann")
    read_configs(site.settings)
    with pytest.raises(OutdatedConfigs):
        sync(before)
    assert {trend.name: trend.retired for trend in Trend.select()} == {"n": False, "kept": False}


@pytest.mark.both_databases
def test_one_name_is_kept_once_and_again_after_its_removal_with_a_history(site: Site) -> None:
    keep(KEPT, "ann")
    with pytest.raises(ConfigError, match="The name kept is taken"):
        keep(KEPT, "bob")
    assert remove("DT", "kept", reason="wrong bin")
    assert not remove("DT", "kept")
    keep(KEPT._replace(metric="basic.BinCount(3)"), "bob")
    assert [config.metric for config in used_page_configs()] == ["basic.BinCount(3)"]
    assert [(row.kept_by, row.removed_at is None) for row in page_config_history()] == [("bob", True), ("ann", False)]
    audited = [(row.action, row.target, row.reason) for row in Audit.select().order_by(Audit.id)]
    assert audited == [("keep trend", "DT/kept", ""), ("remove trend", "DT/kept", "wrong bin"), ("keep trend", "DT/kept", "")]


HARD = KEPT._replace(
    name="hard-1+2_b", title='p<sub>T</sub> "µ" \\ \x7f\t', y_title="y # = [", histo1="DT/a b", reference="DT/c", threshold=12
)


def test_exported_configurations_are_read_back_as_they_are(site: Site, tmp_path: Path) -> None:
    keep(KEPT, "ann")
    keep(HARD, "ann")
    keep(KEPT._replace(subsystem="Pixel"), "ann")
    done = dqmhub(site.settings, "trends", "configs", "export", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.split() == [str(tmp_path / subsystem / "page.toml") for subsystem in ("DT", "Pixel")]
    found = load_configs(tmp_path)
    assert found.problems == []
    assert {key: config.version for key, config in found.trends.items()} == {
        (config.subsystem, config.name): config.version for config in used_page_configs()
    }
    again = found.trends["DT", HARD.name]
    assert (again.title, again.y_title, again.threshold) == (HARD.title.strip(), HARD.y_title, 12)


@pytest.mark.both_databases
def test_commands_list_and_remove_configurations_of_pages(site: Site) -> None:
    keep(KEPT, "ann")
    done = dqmhub(site.settings, "trends", "configs", "rm", "DT", "plot:kept", "--reason", "wrong bin")
    assert done.stdout == "DT/kept is removed; its points stay\n"
    assert [job.kind for job in BackgroundJob.select()] == ["read-trend-configs"]
    (line,) = dqmhub(site.settings, "trends", "configs", "ls").stdout.splitlines()
    assert line.startswith("DT/kept: basic.BinCount(2) DT/n (kept by ann 20")
    assert "removed by" in line
    assert dqmhub(site.settings, "trends", "configs", "rm", "DT", "kept", "--reason", "x").returncode == 1


@pytest.mark.both_databases
def test_the_search_for_samples_notices_a_trend_kept_on_a_page(site: Site) -> None:
    site.configure(n="basic.Count() DT/n")
    task = PeriodicTask("scan trends", 60, partial(scanning, site.settings))
    with task.start(TaskRun(task, Event(), 60)) as step:
        step()
        keep(KEPT, "ann")
        step()
    assert {trend.name for trend in Trend.select()} == {"n", "kept"}
