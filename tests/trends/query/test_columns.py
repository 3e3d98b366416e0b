"""A table of trends has the stored points, one column a series, and the runs that were chosen."""

from __future__ import annotations

import numpy as np
import pytest

from app.trends.errors import InvalidQuery
from app.trends.golden.store import store_golden
from app.trends.query.columns import TrendTable, read_table
from app.trends.query.conditions import RunConditions
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import Selection, selections, series_of_selection
from app.trends.query.series_key import Key, RunQuantity, SeriesKey
from tests.trends.query.points_of_tests import TrendStore

pytestmark = pytest.mark.both_databases

A = SeriesKey("DT", "a", "StreamExpress", "Express")
B = SeriesKey("DT", "b", "StreamExpress", "Express")
EVERY_RUN = RunConditions("all")
SECOND_ERA = "/StreamExpress/Run2022D-Express-v1/DQMIO"
SECOND_VERSION = "/StreamExpress/Run2022C-Express-v2/DQMIO"


@pytest.fixture
def two_trends(store: TrendStore) -> TrendStore:
    """Trends a and b of DT."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b")
    return store


def _table(store: TrendStore, runs: str, *keys: Key, conditions: RunConditions = EVERY_RUN, older: bool = False) -> TrendTable:
    return read_table(keys or (A, B), RunChoice.parse(runs), conditions, store.settings, older=older)


def test_columns_have_a_place_for_each_run_and_not_a_number_where_there_is_no_point(two_trends: TrendStore) -> None:
    two_trends.add(355003, {"a": (3.25, 0.5), "b": (30.0, 5.0)})
    two_trends.add(355001, {"a": (1.25, 0.25)})
    table = _table(two_trends, "355000-356000")
    assert table.runs.run.tolist() == [355001, 355003]
    first, second = table.series
    assert first.values.tolist() == [1.25, 3.25]
    assert first.errors.tolist() == [0.25, 0.5]
    assert np.isnan(second.values[0])
    assert np.isnan(second.errors[0])
    assert second.values[1] == 30.0
    assert (first.name, first.y_title) == ("a", "Mean of a")
    assert first.stored is not None
    assert (first.stored.metric, first.stored.mes[0]) == ("basic.Mean()", "DT/a")


def test_marks_belong_to_points_and_reasons_to_their_absence(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": "ZeroDivisionError", "b": (1.0, 0.0, "few entries: 3 of 10")})
    first, second = _table(two_trends, "355001").series
    assert (first.reasons, first.marks) == ({0: "ZeroDivisionError"}, {})
    assert (second.reasons, second.marks) == ({}, {0: "few entries: 3 of 10"})


def test_any_number_of_runs_in_two_datasets_have_the_points_that_take_precedence(
    two_trends: TrendStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL accepts 65,535 parameters of a query, fewer than files can be."""
    monkeypatch.setattr("app.trends.query.points.FEW_FILES", 2)
    runs = list(range(355001, 355008))
    for run in runs:
        two_trends.add(run, {"a": (run + 0.5, 0.1)}, SECOND_ERA, file_version=2)
        two_trends.add(run, {"a": (1.0, 0.1)})
    table = _table(two_trends, "latest:50", A)
    assert table.series[0].values.tolist() == [run + 0.5 for run in runs]


def test_all_eras_of_a_processing_are_one_series(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    two_trends.add(357001, {"a": (2.0, 0.1)}, SECOND_ERA)
    two_trends.add(357001, {"a": (9.0, 0.1)}, "/StreamExpress/Run2022D-PromptReco-v1/DQMIO")
    table = _table(two_trends, "latest:50", A)
    assert (table.runs.run.tolist(), table.series[0].values.tolist()) == ([355001, 357001], [1.0, 2.0])


@pytest.mark.parametrize("second_first", [True, False])
@pytest.mark.parametrize(
    ("first_file", "second_file", "winner"),
    [((2, 5), (1, 9), 1.0), ((1, 9), (1, 5), 2.0), ((1, 9), (2, 5), 2.0)],
    ids=["the higher version of the file", "else the higher version of the processing", "both higher"],
)
def test_a_run_in_two_datasets_has_the_point_that_takes_precedence(
    two_trends: TrendStore, first_file: tuple[int, int], second_file: tuple[int, int], winner: float, second_first: bool
) -> None:
    adds = [
        lambda: two_trends.add(355001, {"a": (1.0, 0.1)}, "/StreamExpress/Run2022C-Express-v1/DQMIO", *first_file),
        lambda: two_trends.add(355001, {"a": (2.0, 0.1)}, SECOND_VERSION, *second_file),
    ]
    for add in reversed(adds) if second_first else adds:
        add()
    two_trends.add(355002, {"a": (3.0, 0.1)})
    table = _table(two_trends, "latest:2", A)
    assert (table.runs.run.tolist(), table.series[0].values.tolist()) == ([355001, 355002], [winner, 3.0])


def test_a_point_is_shown_though_a_later_dataset_has_none(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    two_trends.add(355001, {"a": "the histogram is empty"}, SECOND_VERSION)
    assert _table(two_trends, "355001", A).series[0].values.tolist() == [1.0]


def test_latest_counts_runs_with_points_of_the_selection_that_meet_the_conditions(two_trends: TrendStore) -> None:
    for run in range(355001, 355011):
        two_trends.add(run, {"b": (1.0, 0.1)} if run % 2 else {"a": "no result", "b": "no result"})
    two_trends.facts(355001, 355003, 355005)
    two_trends.facts(355007, recorded_lumi=0.01)
    two_trends.facts(355009, run_class="Commissioning22")
    two_trends.add(355999, {"a": (1.0, 0.1)}, "/Muon/Run2022C-Express-v1/DQMIO")
    table = _table(two_trends, "latest:2", A, conditions=RunConditions())
    assert table.runs.run.tolist() == [355003, 355005]
    assert table.hidden == 2
    assert table.note == "2 runs are hidden: they are not significant, or their class is unknown or another one."
    assert _table(two_trends, "latest:2", A).runs.run.tolist() == [355007, 355009]
    assert _table(two_trends, "latest:9", A, conditions=RunConditions("all", "collisions")).runs.run.tolist() == [
        355001,
        355003,
        355005,
        355007,
    ]


def test_runs_of_unknown_significance_are_shown_and_counted(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    two_trends.add(355002, {"a": (2.0, 0.1)})
    two_trends.facts(355002)
    table = _table(two_trends, "latest:50", A, conditions=RunConditions())
    assert table.runs.significant.tolist() == [2, 1]
    assert "1 of 2 runs are shown although it is not known" in table.note


def test_facts_of_runs_are_columns(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    two_trends.add(355002, {"a": (2.0, 0.1)})
    two_trends.facts(355002, energy=6800.0, fill=8123)
    runs = _table(two_trends, "latest:50").runs
    assert np.isnan(runs.fill[0])
    assert runs.fill[1] == 8123
    assert runs.energy[1] == 6800.0
    assert np.isnan(runs.b_field).all()
    assert runs.run_class == ["", "Collisions22"]


def test_quantities_of_runs_are_series_too(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    two_trends.facts(355001, duration=123.0)
    two_trends.facts(355005)
    column = _table(two_trends, "latest:50", A, RunQuantity("duration")).series[1]
    assert (column.values.tolist(), column.y_title) == ([123.0], "Duration (s)")
    assert _table(two_trends, "latest:50", RunQuantity("duration")).series[0].values.tolist() == [123.0, 3600.0]


def test_an_unknown_series_is_an_empty_column_and_said(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1)})
    table = _table(two_trends, "latest:50", SeriesKey("DT", "x", "StreamExpress", "Express"), A)
    assert [column.is_known for column in table.series] == [False, True]
    assert "There is no series DT/x/StreamExpress/Express." in table.note


def test_older_versions_and_retired_trends_are_shown_only_if_wanted_and_never_mixed(two_trends: TrendStore) -> None:
    two_trends.add(355001, {"a": (1.0, 0.1), "b": (10.0, 0.1)})
    two_trends.configure("DT", a="basic.StdDev() DT/a")
    two_trends.add(355002, {"a": (2.0, 0.1)})
    table = _table(two_trends, "355001-355002")
    assert table.runs.run.tolist() == [355002]
    assert [column.is_known for column in table.series] == [True, False]
    current, old, retired = _table(two_trends, "355001-355002", older=True).series
    assert current.stored
    assert old.stored
    assert retired.stored
    assert (current.stored.metric, old.stored.metric, retired.name) == ("basic.StdDev()", "basic.Mean()", "b")
    assert (current.stored.is_current, old.stored.is_current, retired.stored.retired) == (True, False, True)
    assert (current.values[1], old.values[0], retired.values[0]) == (2.0, 1.0, 10.0)
    assert np.isnan(current.values[0])
    assert np.isnan(old.values[1])


def test_selections_are_those_with_points(two_trends: TrendStore) -> None:
    two_trends.configure("Pixel", c="basic.Mean() Pixel/c")
    two_trends.add(355001, {"a": (1.0, 0.1), "c": (1.0, 0.1)})
    two_trends.add(357001, {"a": (1.0, 0.1)}, "/ZeroBias/Run2022D-PromptReco-v3/DQMIO")
    assert selections() == {"DT": {"StreamExpress": ["Express"], "ZeroBias": ["PromptReco"]}, "Pixel": {"StreamExpress": ["Express"]}}
    assert series_of_selection(Selection("DT", "StreamExpress", "Express")) == [A]


def test_an_unknown_golden_json_is_refused(two_trends: TrendStore) -> None:
    with pytest.raises(InvalidQuery, match="There is no golden JSON"):
        _table(two_trends, "golden:0123456789abcdef")


def test_an_empty_database_gives_an_empty_table(two_trends: TrendStore) -> None:
    table = _table(two_trends, "latest:50")
    assert len(table.runs) == 0
    assert [len(column.values) for column in table.series] == [0, 0]


def test_the_runs_of_a_golden_json_are_shown(two_trends: TrendStore) -> None:
    for run in (355001, 355002, 355003):
        two_trends.add(run, {"a": (1.0, 0.1)})
    digest = store_golden(b'{"355003": [[1, 2]], "355001": [[5, 9]], "400000": [[1, 1]]}').hash
    assert _table(two_trends, f"golden:{digest}").runs.run.tolist() == [355001, 355003]
    assert _table(two_trends, f"golden:{digest[:12]}").runs.run.tolist() == [355001, 355003]
