"""Two subsystems with trends, points and facts of 120 runs, for tests of the pages of trends in a browser."""

from __future__ import annotations

import math

from app.core.settings import Settings
from app.trends.configs.folder import load_configs
from app.trends.settings import config_folder
from app.trends.versions import sync
from tests.trends.query.points_of_tests import TrendStore

RUNS = [355000 + 3 * number for number in range(120)]
"""All of them have points of StreamExpress; the facts of every eleventh are unknown, and every seventh of the others is not significant."""
UNKNOWN, INSIGNIFICANT = RUNS[5::11], [run for run in RUNS[3::7] if run not in RUNS[5::11]]
SHOWN = [run for run in RUNS if run not in INSIGNIFICANT]
EXPRESS = "/StreamExpress/Run2022C-Express-v1/DQMIO"
PROMPT = "/StreamExpress/Run2022C-PromptReco-v1/DQMIO"
ZERO_BIAS = "/ZeroBias/Run2022C-PromptReco-v1/DQMIO"
FILL_RUNS, DAY_S, FIRST_START = 8, 86400.0, 1_657_000_000.0

CONFIGS = {
    "Pixel": {
        "Ntracks": "Number of tracks",
        "Charge": "Cluster charge (p<sub>T</sub> &gt; 5 GeV)",
        "Residual": "",
        "Occupancy": "Occupancy <script>window.hurt = 1</script>",
        "Noise": "Noise & pedestal",
        "Dead": "Dead channels",
    },
    "DT": {"Efficiency": "Efficiency"},
}
"""Titles of trends by subsystem and name."""


def fill(settings: Settings) -> None:
    """Store all of it."""
    for subsystem, titles in CONFIGS.items():
        folder = config_folder(settings) / subsystem
        folder.mkdir(parents=True, exist_ok=True)
        sections = [
            f"[plot:{name}]\nmetric = basic.Mean()\nrelativePath = {subsystem}/{name}\nyTitle = Mean of {name}\n"
            + (f"plotTitle = {title}\n" if title else "")
            for name, title in titles.items()
        ]
        (folder / "trends.ini").write_text("\n".join(sections))
    sync(load_configs(config_folder(settings)))
    store = TrendStore(settings)
    for number, run in enumerate(RUNS):
        _facts(store, number, run)
        store.add(run, {name: _point(name, number) for name in CONFIGS["Pixel"]} | {"Efficiency": (0.95, 0.001)}, EXPRESS)
        if number % 2 == 0:
            store.add(run, {name: (value(name, number) * 1.1, 1.0) for name in ("Ntracks", "Charge")}, PROMPT)
        if number % 10 == 0:
            store.add(run, {"Ntracks": (value("Ntracks", number) / 2, 1.0)}, ZERO_BIAS)


def value(name: str, number: int) -> float:
    """The value of a trend of Pixel in the run of this number: a wave, with a step in the middle."""
    return 100.0 + len(name) + 3 * math.sin(number / 9) + (12 if number >= len(RUNS) // 2 else 0)


def _point(name: str, number: int) -> tuple[float, float] | tuple[float, float, str] | str:
    if name == "Dead" and number % 5 == 0:
        return "The histogram is empty"
    return (value(name, number), 1.5, "few entries: 12 of 100") if number % 40 == 4 else (value(name, number), 1.5)


def _facts(store: TrendStore, number: int, run: int) -> None:
    if run in UNKNOWN:
        return
    start = FIRST_START + number * DAY_S / 4
    duration, lumi = 3600.0 + 60 * (number % 30), 50.0 + number % 17
    known = {"fill": 8000 + number // FILL_RUNS, "start": start, "end": start + duration, "duration": duration}
    if run in INSIGNIFICANT:
        store.facts(run, **known, rr_significant=False, recorded_lumi=0.01, delivered_lumi=0.02)
    else:
        store.facts(run, **known, recorded_lumi=lumi, delivered_lumi=lumi * 1.1)
