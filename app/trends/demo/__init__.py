"""Trends of the demo: configurations for its files, display groups, and a year of points before them that a formula makes.

The points of the demo's own files are extracted like any others.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.core.database import proxy, rows
from app.core.settings import Settings
from app.runs.store import enroll
from app.trends.configs.sources import load_all_configs
from app.trends.extraction import dataset_id
from app.trends.groups.exchange import import_groups
from app.trends.groups.models import TrendGroup
from app.trends.metrics.metric import MetricValue
from app.trends.models import Trend, TrendPoint, TrendVersion
from app.trends.outcomes import Outcome
from app.trends.points import file_id, store_points
from app.trends.rules.definition import RuleDefinition
from app.trends.rules.store import add_rule
from app.trends.settings import TrendSettings, config_folder
from app.trends.versions import sync

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
FIRST_RUN, LAST_RUN, RUNS = 360_000, 367_000, 300
REASON = "Made by a formula for the demo"
FILE = "demo"
"""In place of the file of such a point."""

RULE = RuleDefinition(
    *("L1T", "ZeroBias", "Demo", "EGamma24_efficiency", "360000-361500"),
    is_robust=True,
    note="A rule of the demo: the efficiency falls in the middle of the year.",
)
"""The rule of the demo. Its trend has outliers among the reference runs, and a step."""

_CONFIGS = Path(__file__).with_name("configs")
_GROUPS = Path(__file__).with_name("groups.json")


class DemoTrend(NamedTuple):
    """How a trend of the demo behaves over the year: `level` is its value in the files of the demo.

    Attributes:
        drift: Change over the year, in parts of the level.
        step: Change at `step_at`, a part of the year; calibrations and new thresholds make such steps.
        spread: Spread of single runs, in parts of the level; also their error.
        outlier: Deviation of one run in forty.
    """

    level: float
    drift: float = 0.0
    step: float = 0.0
    step_at: float = 0.5
    spread: float = 0.01
    outlier: float = 0.0


DEMO_TRENDS = {
    "Charge_PXLayer_1": DemoTrend(19_700, drift=-0.12, step=0.05, step_at=0.7),
    "Charge_PXDisk_p1": DemoTrend(27_600, drift=-0.04),
    "Residual_x_PXLayer_1": DemoTrend(4e-5, step=-8.0, step_at=0.4, spread=0.5),
    "Residual_width_PXLayer_1": DemoTrend(0.004, drift=0.08, step=-0.06, step_at=0.4, spread=0.012),
    "StoN_TIB_1": DemoTrend(21.0, drift=-0.06, outlier=-0.25),
    "ClusterWidth_TOB_1": DemoTrend(2.78, spread=0.011),
    "GlbMuon_pt_mean": DemoTrend(16.98, spread=0.015, outlier=0.3),
    "EGamma24_efficiency": DemoTrend(0.804, step=-0.08, step_at=0.55, outlier=-0.4),
    "Track_chi2": DemoTrend(1.1, spread=0.006),
    "Tracks_per_lumisection": DemoTrend(565, drift=0.3, spread=0.03, outlier=-0.6),
    "MET_mean": DemoTrend(21.7, drift=0.05, spread=0.019),
}
"""The trends of the demo by name."""


def make_demo(settings: Settings) -> int:
    """Configure the trends of the demo, and store a year of points; the number of points, 0 if they are there already.

    An instance with configurations of its own is left alone.
    """
    folder = config_folder(settings)
    if settings.of(TrendSettings).trend_configs or (folder.exists() and not _is_ours(folder)):
        return 0
    shutil.copytree(_CONFIGS, folder, dirs_exist_ok=True)
    sync(load_all_configs(settings))
    if not TrendGroup.select().exists():
        import_groups(_GROUPS.read_text())
    if rows(TrendPoint.select(TrendPoint.run).where(TrendPoint.run < LAST_RUN).limit(1)):
        return 0
    add_rule(RULE, "demo")
    return _store_history()


def _is_ours(folder: Path) -> bool:
    ours = {path.relative_to(_CONFIGS) for path in _CONFIGS.rglob("*.toml")}
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == ours


def _store_history() -> int:
    query = TrendVersion.select(Trend.name, TrendVersion.id).join(Trend).where(TrendVersion.activated.is_null(False))
    versions = {name: version for name, version in rows(query) if name in DEMO_TRENDS}
    with proxy.atomic():
        dataset, file = dataset_id(DATASET), file_id(FILE, 0, time.time_ns())
        count = 0
        enroll(run for run, _ in runs_of_the_year())
        for run, part in runs_of_the_year():
            outcomes = [Outcome(version, value_at(name, run, part), REASON) for name, version in versions.items()]
            store_points(dataset, run, file, outcomes)
            count += len(outcomes)
    return count


def runs_of_the_year() -> Iterator[tuple[int, float]]:
    """Runs, each with the part of the year at which it was taken; a technical stop leaves a gap."""
    dice = random.Random(FIRST_RUN)
    numbers = sorted(dice.sample(range(FIRST_RUN, LAST_RUN), RUNS + RUNS // 4))
    stop = range(FIRST_RUN + (LAST_RUN - FIRST_RUN) * 3 // 5, FIRST_RUN + (LAST_RUN - FIRST_RUN) * 4 // 5)
    for number in [number for number in numbers if number not in stop][:RUNS]:
        yield number, (number - FIRST_RUN) / (LAST_RUN - FIRST_RUN)


def value_at(name: str, run: int, part: float) -> MetricValue:
    """The value of a trend in a run at a part of the year; at its end the level of the files of the demo."""
    trend, dice = DEMO_TRENDS[name], random.Random(f"{name} {run}")
    change = trend.drift * (part - 1) - (trend.step if part < trend.step_at else 0)
    if trend.outlier and dice.randrange(40) == 0:
        change += trend.outlier
    error = abs(trend.level) * trend.spread
    return MetricValue(trend.level * (1 + change) + dice.gauss(0, error), error)
