"""Trends, points and facts of runs for tests, stored as the product does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.counters import advance
from app.core.database import proxy
from app.core.settings import Settings
from app.runs.models import COUNTER, KNOWN, RunRecord
from app.trends.computing import Outcome
from app.trends.configs.folder import load_configs
from app.trends.extraction import dataset_id
from app.trends.metrics.metric import MetricValue
from app.trends.models import Trend, TrendVersion
from app.trends.points import file_id, store_points
from app.trends.settings import config_folder
from app.trends.versions import sync

DATASET = "/StreamExpress/Run2022C-Express-v1/DQMIO"

Point = tuple[float, float] | tuple[float, float, str] | str
"""Value and error; value, error and mark; or the reason why there is none."""


class TrendStore:
    """Stores trends and points."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def configure(self, subsystem: str, **metrics: str) -> None:
        """Configure a trend `name="metric path"` for each argument, and no others of this subsystem."""
        folder = config_folder(self.settings) / subsystem
        folder.mkdir(parents=True, exist_ok=True)
        sections = (
            f"[plot:{name}]\nmetric = {text.split()[0]}\nrelativePath = {text.split()[1]}\nyTitle = Mean of {name}\n"
            for name, text in metrics.items()
        )
        (folder / "a.ini").write_text("\n".join(sections))
        sync(load_configs(config_folder(self.settings)))

    def add(self, run: int, points: Mapping[str, Point], dataset: str = DATASET, file_version: int = 1, mtime_ns: int = 1) -> None:
        """Store points of a run by the name of their trend, as of a file of this version."""
        query = TrendVersion.select(Trend.name, TrendVersion.id).join(Trend).where(TrendVersion.activated.is_null(False))
        versions = dict(proxy.execute(query).fetchall())
        name = dataset.strip("/").replace("/", "__")
        with proxy.atomic():
            file = file_id(f"/data/DQM_V{file_version:04}_R{run:09}__{name}.root", 1000, mtime_ns)
            outcomes = [_outcome(versions[trend], point) for trend, point in points.items()]
            store_points(dataset_id(dataset), run, file, outcomes)

    def facts(self, *runs: int, **values: Any) -> None:
        """Store facts of runs, those of a long collision run unless others are given."""
        usual = {
            "oms_state": KNOWN,
            "rr_state": KNOWN,
            "run_class": "Collisions22",
            "rr_significant": True,
            "fill": 8000,
            "start": 1.6e9,
            "end": 1.6e9 + 3600,
            "duration": 3600.0,
            "delivered_lumi": 110.0,
            "recorded_lumi": 100.0,
        }
        with proxy.atomic():
            version = advance(COUNTER)
            for run in runs:
                RunRecord.insert(**{"run": run, "enrolled": 0.0, "version": version, **usual, **values}).execute()


def _outcome(version: int, point: Point) -> Outcome:
    if isinstance(point, str):
        return Outcome(version, None, point)
    value, error, *mark = point
    return Outcome(version, MetricValue(value, error), mark[0] if mark else "")
