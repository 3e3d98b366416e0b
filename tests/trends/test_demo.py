"""The demo has a year of points to look at, says that a formula made them, and leaves configurations of others alone."""

from __future__ import annotations

import statistics
from itertools import pairwise
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.trends.configs.folder import load_configs
from app.trends.demo import DATASET, DEMO_TRENDS, REASON, make_demo, runs_of_the_year
from app.trends.export import exported_points
from app.trends.groups.store import delete_group, group_of_row, rows_of
from app.trends.rules.models import TrendRule, TrendViolation
from app.trends.rules.stepping import evaluate_if_changed
from app.trends.settings import config_folder
from app.trends.single import compute_case
from tests.support import gui

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the demo."""
    return next(path for path in gui.demo_files(tmp_path_factory) if "R000367100__ZeroBias" in path.name)


def test_a_year_of_points_is_made_once_and_says_so(hub: Settings) -> None:
    assert make_demo(hub) > 250 * len(DEMO_TRENDS)
    points = list(exported_points())
    assert {point.reason for point in points} == {REASON}
    assert {point.dataset for point in points} == {DATASET}
    assert {point.name for point in points} == set(DEMO_TRENDS)
    assert make_demo(hub) == 0
    assert len(list(exported_points())) == len(points)


def test_the_demo_has_groups_of_its_trends_and_keeps_changed_ones(hub: Settings) -> None:
    make_demo(hub)
    groups = [group_of_row(row) for row in rows_of()]
    assert {len(group.series) for group in groups if group.correlation} == {2, 3}
    assert {name for group in groups for name in group.series} <= set(DEMO_TRENDS)
    delete_group(rows_of()[0], 1)
    make_demo(hub)
    assert [group_of_row(row) for row in rows_of()] == groups[1:]


def test_the_demo_has_drifts_steps_outliers_and_a_gap(hub: Settings) -> None:
    make_demo(hub)
    charge = [point.value for point in exported_points(name="Charge_PXLayer_1") if point.value]
    assert statistics.mean(charge[:30]) > 1.03 * statistics.mean(charge[180:200]), "irradiation lowers the charge"
    noise = [point.value for point in exported_points(name="StoN_TIB_1") if point.value]
    assert min(noise) < 0.85 * statistics.median(noise)
    runs = [point.run for point in exported_points(name="Charge_PXLayer_1")]
    steps = [after - before for before, after in pairwise(runs)]
    assert max(steps) > 20 * statistics.median(steps), "a technical stop"


def test_the_rule_of_the_demo_is_violated_since_the_step(hub: Settings) -> None:
    make_demo(hub)
    evaluate_if_changed(TrendRule.get(), hub)
    step_at = DEMO_TRENDS["EGamma24_efficiency"].step_at
    assert TrendViolation.get().first_run == next(run for run, part in runs_of_the_year() if part >= step_at)


def test_an_instance_with_its_own_configurations_is_left_alone(hub: Settings) -> None:
    folder = config_folder(hub) / "DT"
    folder.mkdir(parents=True)
    (folder / "mine.ini").write_text("[plot:a]\nmetric = basic.Mean()\nrelativePath = DT/a\nyTitle = y\n")
    assert make_demo(hub) == 0
    assert [path.name for path in config_folder(hub).rglob("*.*")] == ["mine.ini"]


@pytest.mark.parametrize("name", DEMO_TRENDS)
def test_the_formula_ends_at_the_level_of_the_files_of_the_demo(hub: Settings, demo_file: Path, name: str) -> None:
    make_demo(hub)
    configs = load_configs(config_folder(hub))
    assert not configs.problems
    config = next(config for config in configs.trends.values() if config.name == name)
    found = compute_case({"file": str(demo_file), "metric": config.metric, "me": config.me})
    assert found.value is not None, found.reason
    trend = DEMO_TRENDS[name]
    assert abs(found.value - trend.level) < 6 * trend.level * max(trend.spread, 0.01)
