"""The charts of a page: display groups first, then each other trend alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from app.trends.configs.folder import load_configs
from app.trends.groups import DisplayGroup
from app.trends.groups.exchange import import_groups
from app.trends.groups.store import add_group
from app.trends.pages.chart_view import chart_view_from_query
from app.trends.pages.charts import Chart, chart_address, charts_of
from app.trends.pages.view import TrendView
from app.trends.query.run_choice import RunChoice
from app.trends.query.series_key import Key, SeriesKey
from app.trends.settings import config_folder
from app.trends.versions import sync
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.both_databases

VIEW = TrendView(subsystem="DT", pd="StreamExpress", ps="Express")
PROMPT = "/StreamExpress/Run2022C-PromptReco-v1/DQMIO"


@pytest.fixture
def four_trends(store: TrendStore) -> TrendStore:
    """Trends a to d of DT; all have points of Express, and a and b of PromptReco."""
    store.configure("DT", **{name: f"basic.Mean() DT/{name}" for name in "abcd"})
    store.add(355001, dict.fromkeys("abcd", (1.0, 0.1)))
    store.add(355001, dict.fromkeys("ab", (1.0, 0.1)), PROMPT)
    return store


def summary(charts: list[Chart]) -> list[tuple[str, str]]:
    """Title, and names and processings of the series, of each chart."""
    return [(chart.title, " ".join("{1}:{3}".format(*key) for key in chart.series)) for chart in charts]


def test_groups_come_first_and_their_trends_not_again(four_trends: TrendStore) -> None:
    add_group(DisplayGroup("late", "Both <i>late</i>", "", "DT", False, ("c", "d")))
    add_group(DisplayGroup("other", "Other subsystem", "", "CSC", False, ("a", "b")))
    assert summary(charts_of(VIEW)) == [("Both late", "c:Express d:Express"), ("a", "a:Express"), ("b", "b:Express")]


def test_a_group_without_any_points_is_left_out_and_missing_trends_are_named(four_trends: TrendStore) -> None:
    add_group(DisplayGroup("dead", "", "", "DT", False, ("x", "y")))
    add_group(DisplayGroup("half", "", "", "DT", True, ("a", "x")))
    charts = charts_of(VIEW)
    assert summary(charts)[0] == ("half", "a:Express")
    assert (charts[0].missing, charts[0].correlation) == (("x",), False)
    assert [chart.title for chart in charts] == ["half", "b", "c", "d"]


def test_a_search_finds_groups_by_the_names_of_their_trends(four_trends: TrendStore) -> None:
    add_group(DisplayGroup("g", "Title", "", "DT", False, ("a", "b")))
    assert summary(charts_of(VIEW.replace(search="title"))) == [("Title", "a:Express b:Express")]
    assert [chart.title for chart in charts_of(VIEW.replace(search="b"))] == ["Title"]


def test_two_processings_share_a_chart_and_have_correlations_of_their_own(four_trends: TrendStore) -> None:
    add_group(DisplayGroup("g", "", "", "DT", False, ("a", "c")))
    add_group(DisplayGroup("k", "", "", "DT", True, ("a", "b")))
    assert summary(charts_of(VIEW.replace(ps2="PromptReco"))) == [
        ("g", "a:Express a:PromptReco c:Express c:PromptReco"),
        ("k", "a:Express b:Express"),
        ("k, PromptReco", "a:PromptReco b:PromptReco"),
        ("d", "d:Express d:PromptReco"),
    ]


def test_the_groups_of_hdqm_are_drawn_as_there(store: TrendStore, real_configs: Path, fixtures_dir: Path) -> None:
    """First each group with a series that has points, in their order, then each other series; names count once."""
    shutil.copytree(real_configs / "SiStrips", config_folder(store.settings) / "SiStrips")
    sync(load_configs(config_folder(store.settings)))
    text = (fixtures_dir / "hdqm" / "display_groups.json").read_text()
    import_groups(text)
    names = sorted(
        {name for files in (real_configs / "SiStrips").glob("*.ini") for name in re.findall(r"^\[plot:(.*)\]", files.read_text(), re.M)}
    )
    with_points = names[::3]
    store.add(355001, dict.fromkeys(with_points, (1.0, 0.1)))
    groups = [group for group in json.loads(text) if group["subsystem"] == "SiStrips"]
    drawn = [group for group in groups if set(group["series"]) & set(with_points)]
    charts = charts_of(VIEW.replace(subsystem="SiStrips"))
    assert [[key[1] for key in chart.series] for chart in charts[: len(drawn)]] == [
        [name for name in group["series"] if name in with_points] for group in drawn
    ]
    alone = set(with_points) - {name for group in drawn for name in group["series"]}
    assert sorted(key[1] for chart in charts[len(drawn) :] for key in chart.series) == sorted(alone)
    assert len(drawn) > 5
    assert len(alone) > 5


def test_the_address_of_a_chart_of_a_large_group_leaves_out_the_way_back_rather_than_be_too_long(app: Flask) -> None:
    """gunicorn accepts 8,190 bytes of the first line of a request."""
    keys: list[Key] = [SeriesKey("DT", f"Occupancy_{number:017}", "StreamExpress", "Express") for number in range(100)]
    chart = Chart("", "", False, keys)
    many = VIEW.replace(runs=RunChoice.of(list(range(355001, 355131))))
    with app.test_request_context():
        long, short = (chart_address("chart", chart, view) for view in (many, VIEW))
        few = chart_address("chart", Chart("", "", False, keys[:2]), many)
        found = chart_view_from_query(long.partition("?")[2])
    assert len(f"GET {long} HTTP/1.1") < 8190
    assert (found.series, found.runs, found.back, found.problems) == (tuple(keys), many.runs, "", ())
    assert "&back=" in short
    assert "&back=" in few
