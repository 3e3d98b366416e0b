"""Points and facts that are kept in memory are as the database has them, however few of them a table needs."""

from __future__ import annotations

import random

import numpy as np
import pytest

from app.core.database import proxy
from app.trends.export import exported_points
from app.trends.extraction import dataset_id
from app.trends.models import TrendVersion
from app.trends.points import remove_points
from app.trends.query.changes import change_number
from app.trends.query.columns import TrendTable, read_table
from app.trends.query.conditions import RunConditions
from app.trends.query.points import NOTHING, PointColumns
from app.trends.query.points_cache import OVERHEAD, PointsCache
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import Selection
from app.trends.query.series_key import SeriesKey
from tests.support.queries import queries
from tests.trends.query.points_of_tests import DATASET, TrendStore

ALL = RunConditions("all")
KEYS = [SeriesKey("DT", name, "StreamExpress", "Express") for name in "abc"]
OTHER = Selection("DT", "ZeroBias", "Express")
LATER_ERA = "/StreamExpress/Run2022D-Express-v1/DQMIO"


@pytest.fixture
def three_trends(store: TrendStore) -> TrendStore:
    """Trends a, b and c of DT."""
    store.configure("DT", a="basic.Mean() DT/a", b="basic.Mean() DT/b", c="basic.Mean() DT/c")
    return store


def _table(store: TrendStore, runs: str, keys: list[SeriesKey] = KEYS) -> TrendTable:
    return read_table(keys, RunChoice.parse(runs), ALL, store.settings)


@pytest.mark.both_databases
@pytest.mark.parametrize("seed", range(3))
def test_tables_of_many_and_few_runs_have_the_stored_points(three_trends: TrendStore, seed: int) -> None:
    dice = random.Random(seed)
    for run in range(355000, 355060):
        points = {name: (dice.gauss(0, 1), dice.random()) for name in "abc" if dice.random() < 0.6}
        three_trends.add(run, points, LATER_ERA if run >= 355040 else DATASET)
    stored = {(point.name, point.run): (point.value, point.error) for point in exported_points()}
    with_points = sorted({run for _, run in stored})
    few = sorted(dice.sample(with_points, 4))
    expected = {
        "355000-355100": with_points,
        "latest:3": with_points[-3:],
        "latest:40": with_points[-40:],
        ",".join(map(str, few)): few,
        f"{with_points[2]}-{with_points[5]}": with_points[2:6],
    }
    texts = list(expected) * 2  # once more, when some are in memory
    dice.shuffle(texts)
    for text in texts:
        table = _table(three_trends, text)
        assert table.runs.run.tolist() == expected[text]
        for column in table.series:
            found = [(value, error) for value, error in zip(column.values.tolist(), column.errors.tolist(), strict=True)]
            nothing = (np.nan, np.nan)
            np.testing.assert_equal(found, [stored.get((column.name, run), nothing) for run in expected[text]])


@pytest.mark.both_databases
def test_latest_counts_runs_in_which_only_other_trends_of_the_selection_have_points(three_trends: TrendStore) -> None:
    for run in range(355000, 355040):
        three_trends.add(run, {"a": (1.0, 0.1)} if run < 355010 else {"b": (1.0, 0.1), "c": "no result"})
    three_trends.add(355050, {"b": "no result"})
    assert _table(three_trends, "latest:3", KEYS[:1]).runs.run.tolist() == [355037, 355038, 355039]
    assert _table(three_trends, "latest:35", KEYS[2:]).runs.run.tolist() == list(range(355005, 355040))


def test_points_that_are_stored_changed_and_removed_are_seen_at_once(three_trends: TrendStore) -> None:
    three_trends.add(355001, {"a": (1.0, 0.1)})
    assert _table(three_trends, "latest:9").series[0].values.tolist() == [1.0]
    three_trends.add(355002, {"a": (2.0, 0.1)})
    assert _table(three_trends, "latest:9").series[0].values.tolist() == [1.0, 2.0]
    three_trends.add(355001, {"a": (3.0, 0.1)})
    assert _table(three_trends, "latest:9").series[0].values.tolist() == [3.0, 2.0]
    with proxy.atomic():
        remove_points(dataset_id(DATASET), 355001, [version.id for version in TrendVersion.select()])
    assert _table(three_trends, "latest:9").runs.run.tolist() == [355002]


def test_new_and_changed_facts_of_runs_are_seen_at_once(three_trends: TrendStore) -> None:
    for run in (355001, 355002):
        three_trends.add(run, {"a": (1.0, 0.1)})
    assert _table(three_trends, "latest:9").runs.significant.tolist() == [2, 2]
    three_trends.facts(355002, recorded_lumi=0.0)
    assert _table(three_trends, "latest:9").runs.significant.tolist() == [2, 0]
    three_trends.facts(355001, run_class="Cosmics22", duration=9000.0)
    runs = _table(three_trends, "latest:9").runs
    assert (runs.significant.tolist(), runs.run_class, runs.duration.tolist()) == ([1, 0], ["Cosmics22", "Collisions22"], [9000.0, 3600.0])


def test_other_limits_of_significance_are_used_at_once(three_trends: TrendStore) -> None:
    three_trends.add(355001, {"a": (1.0, 0.1)})
    three_trends.facts(355001, recorded_lumi=5.0)
    assert _table(three_trends, "latest:9").runs.significant.tolist() == [1]
    stricter = three_trends.settings.replace(runs_collisions_lumi=10.0)
    assert read_table(KEYS, RunChoice.parse("latest:9"), ALL, stricter).runs.significant.tolist() == [0]


@pytest.mark.both_databases
def test_the_number_of_changes_grows_with_points_facts_and_configurations(three_trends: TrendStore) -> None:
    selection = [Selection.of(KEYS[0])]
    numbers = [change_number(selection)]
    for change in (
        lambda: three_trends.add(355001, {"a": (1.0, 0.1)}),
        lambda: three_trends.add(355001, {"a": (2.0, 0.1)}),
        lambda: three_trends.facts(355001),
        lambda: three_trends.configure("DT", a="basic.StdDev() DT/a"),
    ):
        change()
        numbers.append(change_number(selection))
    assert numbers == sorted(set(numbers))
    everything = change_number()
    three_trends.configure("DT", a="basic.Mean() DT/a")
    before = change_number(selection)
    three_trends.add(355001, {"a": (1.0, 0.1)}, "/ZeroBias/Run2022C-Express-v1/DQMIO")
    assert change_number(selection) == before, "points of another primary dataset"
    assert change_number([OTHER]) > 0
    assert change_number() > everything


def test_memory_for_points_is_bounded_and_the_oldest_use_goes_first() -> None:
    points = NOTHING.where(np.zeros(0, dtype=np.intp))
    points = PointColumns._make(np.zeros(1000, dtype=column.dtype) for column in points)
    cache = PointsCache(max_bytes=3 * (points.size + OVERHEAD))
    for series in (1, 2, 3):
        cache.put(series, 0, points)
    assert cache.get(1, 0) is points
    cache.put(4, 0, points)
    assert [cache.get(series, 0) is points for series in (1, 2, 3, 4)] == [True, False, True, True]
    assert cache.get(1, 1) is None, "its dataset has changed"
    cache.put(5, 0, PointColumns._make(np.zeros(9000, dtype=column.dtype) for column in points))
    assert cache.get(5, 0) is None, "more than all memory"


def _many_runs(store: TrendStore) -> None:
    for run in range(355000, 355200):
        store.add(run, {"a": (1.0, 0.1), "b": (2.0, 0.1), "c": (3.0, 0.1)})


def test_points_are_read_once_until_their_dataset_changes(three_trends: TrendStore) -> None:
    _many_runs(three_trends)
    three_trends.add(357000, {"a": (1.0, 0.1)}, LATER_ERA)

    def reads() -> int:
        return sum("FROM trend_point" in query for query in queries(lambda: _table(three_trends, "1-999999")))

    assert reads() == 2, "each dataset"
    assert reads() == 0
    three_trends.add(357001, {"a": (1.0, 0.1)}, LATER_ERA)
    assert reads() == 1


def test_few_runs_of_many_are_read_without_the_others(three_trends: TrendStore) -> None:
    _many_runs(three_trends)

    def rows_read(runs: str) -> int:
        """Rows that the queries for points return when they are made once more."""
        made = [query for query in queries(lambda: _table(three_trends, runs)) if "FROM trend_point" in query]
        return sum(len(proxy.execute_sql(query).fetchall()) for query in made)

    assert rows_read("latest:5") == 5 * 3
    assert rows_read("355007,355180") == 2 * 3
    assert rows_read("355100-355104") == 5 * 3
    assert rows_read("latest:200") == 200 * 3
    assert rows_read("latest:5") == 0, "they are in memory now"
