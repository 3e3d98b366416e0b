"""A database of trends for measurements: five eras, 10,000 runs, 18 trends of one subsystem and 261 of another."""

from __future__ import annotations

import math
from collections.abc import Iterator

from app.core.database import proxy, rows
from app.core.settings import Settings
from app.runs.models import KNOWN, RunRecord
from app.trends.configs.folder import load_configs
from app.trends.extraction import dataset_id
from app.trends.models import Trend, TrendDataset, TrendVersion
from app.trends.points import file_id, series_of
from app.trends.settings import config_folder
from app.trends.versions import sync

FEW, MANY = "Tracking", "SiStrips"
TRENDS = {FEW: 18, MANY: 261}
RUNS, FIRST_RUN, RUN_STEP = 10_000, 355_000, 3
PRIMARY_DATASET, PROCESSING = "StreamExpress", "Express"
ERAS = ("Run2022C", "Run2022D", "Run2022E", "Run2022F", "Run2022G")


def runs() -> range:
    """All runs of the database."""
    return range(FIRST_RUN, FIRST_RUN + RUN_STEP * RUNS, RUN_STEP)


def fill(settings: Settings, trends: dict[str, int] = TRENDS) -> None:
    """Store the trends, their points and the facts of the runs: a tenth of them is not significant, few have no facts."""
    for subsystem, count in trends.items():
        folder = config_folder(settings) / subsystem
        folder.mkdir(parents=True)
        names = (f"Trend_{number:03}" for number in range(count))
        sections = (f"[plot:{name}]\nmetric = basic.Mean()\nrelativePath = {subsystem}/{name}\nyTitle = Mean of {name}\n" for name in names)
        (folder / "a.ini").write_text("\n".join(sections))
    sync(load_configs(config_folder(settings)))
    versions = [number for (number,) in rows(TrendVersion.select(TrendVersion.id).join(Trend).order_by(Trend.subsystem, Trend.name))]
    with proxy.atomic():
        for number, era in enumerate(ERAS):
            part = runs()[number * RUNS // len(ERAS) : (number + 1) * RUNS // len(ERAS)]
            dataset = dataset_id(f"/{PRIMARY_DATASET}/{era}-{PROCESSING}-v1/DQMIO")
            file = file_id(f"/data/DQM_V0001_R{part[0]:09}__{PRIMARY_DATASET}__{era}-{PROCESSING}-v1__DQMIO.root", 1, 1)
            series = list(series_of(dataset, versions).values())
            proxy.execute_many(_POINT, _points(series, part, file))
            proxy.execute_many(_RUN, [(dataset, run) for run in part])
            TrendDataset.update(changed=1).execute()
        _store_facts()


_POINT = "INSERT INTO trend_point (series_id, run, value, error, file_id) VALUES (?, ?, ?, ?, ?)"


_RUN = "INSERT INTO trend_run (dataset_id, run) VALUES (?, ?)"


def _points(series: list[int], part: range, file: int) -> Iterator[tuple[int, int, float, float, int]]:
    for one in series:
        for run in part:
            yield one, run, 100 + math.sin(run / 500 + one) + run % 7 / 100, 0.1 + one / 1000, file


def _store_facts() -> None:
    known = [run for number, run in enumerate(runs()) if number % 50 != 7]
    for first in range(0, len(known), 500):
        RunRecord.insert_many([_facts(run) for run in known[first : first + 500]]).execute()


def _facts(run: int) -> dict[str, object]:
    start = 1.65e9 + 4000.0 * (run - FIRST_RUN)
    recorded = 0.01 if run % 10 == 0 else 150.0 + run % 100
    source = {"oms_state": KNOWN, "rr_state": KNOWN, "run_class": "Collisions22", "rr_significant": True, "version": 1}
    lumi = {"delivered_lumi": 1.05 * recorded, "recorded_lumi": recorded, "end_lumi": 1.46, "b_field": 3.8, "energy": 6800.0}
    rates = {"l1_rate": 90_746.1, "hlt_physics_rate": 1846.5, "l1_key": "l1_trg/v102", "hlt_key": "/cdaq/physics/Run2022/v1.2.4/HLT"}
    times = {"start": start, "end": start + 3600, "duration": 3600.0, "fill": 8000 + (run - FIRST_RUN) // 30}
    return {"run": run, "enrolled": 0.0, **source, **lumi, **rates, **times}
