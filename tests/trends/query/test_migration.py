"""Points of an older version of the hub are found after an upgrade."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.settings import Settings
from app.trends.query.columns import read_table
from app.trends.query.conditions import RunConditions
from app.trends.query.run_choice import RunChoice
from app.trends.query.series_key import SeriesKey
from tests.support.upgrades import upgraded_database

pytestmark = pytest.mark.slow

ROWS = (
    "INSERT INTO trend (id, subsystem, name, title, y_title, place, retired) VALUES (1, 'DT', 'a', '', 'y', 'a.ini:1', FALSE)",
    "INSERT INTO trend_version (id, trend_id, hash, metric, me, histo1, histo2, reference, threshold, created, activated)"
    " VALUES (1, 1, 'h', 'basic.Mean()', 'DT/a', '', '', '', 0, 0, 1)",
    "INSERT INTO trend_dataset (id, name, primary_dataset, era, processing, version)"
    " VALUES (1, '/ZeroBias/Run2022C-Express-v1/DQMIO', 'ZeroBias', 'Run2022C', 'Express', 1)",
    "INSERT INTO trend_file (id, url, size, mtime_ns) VALUES (1, '/a.root', 1, 1)",
    "INSERT INTO trend_series (id, version_id, dataset_id) VALUES (1, 1, 1)",
    "INSERT INTO trend_point (series_id, run, value, error, file_id) VALUES (1, 355001, 1.5, 0.5, 1), (1, 355002, NULL, NULL, 1)",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """A database with a trend of an older version, upgraded."""
    with upgraded_database(request, settings, "0028_runs", ROWS) as hub:
        yield hub


def test_runs_of_old_points_are_found(upgraded: Settings) -> None:
    keys = [SeriesKey("DT", "a", "ZeroBias", "Express")]
    assert read_table(keys, RunChoice.parse(""), RunConditions(), upgraded).runs.run.tolist() == [355001]
    assert read_table(keys, RunChoice.parse("1-999999"), RunConditions(), upgraded).runs.run.tolist() == [355001, 355002]
