"""A subsystem with planted points, whose places in charts follow from formulas, for tests of the charts in a browser."""

from __future__ import annotations

from statistics import fmean, pstdev

from app.core.settings import Settings
from app.trends.configs.folder import load_configs
from app.trends.groups import DisplayGroup
from app.trends.groups.store import add_group
from app.trends.settings import config_folder
from app.trends.versions import sync
from tests.trends.query.points_of_tests import Point, TrendStore

COUNT = 60
RUNS = [360000 + 2 * number for number in range(COUNT)]
OUTLIER, NO_POINT, MARKED, NO_LUMI, UNKNOWN, NO_LENGTH = 20, 33, 12, 30, 40, 50
"""Numbers of runs: a value far away, no point, few entries, unknown luminosity, no facts at all, duration 0."""
FIRST_STEP = 30
"""Number of the first run of the higher level of the trend Step."""
EXPRESS = "/StreamExpress/Run2022D-Express-v1/DQMIO"
TRENDS = ("Planted", "Step", "Flat", "Line", "Twice", "Old")
STEPS, CORRELATION, OLD, PLANTED = "Step and flat", "Twice against line", "Old", "Planted"
"""Titles of the charts of the page."""
PAGE = "/trends?subsystem=Strip&pd=StreamExpress&ps=Express&runs=360000-361000"


def planted(number: int) -> float:
    """The value of the trend Planted."""
    return 1000.0 if number == OUTLIER else 100.0 + number % 5


def step(number: int) -> float:
    """The value of the trend Step."""
    return 50.0 + (6 if number >= FIRST_STEP else 0) + (1 if number % 2 else -1)


def flat(number: int) -> float:
    """The value of the trend Flat."""
    return 40.0 + number % 3


def line(number: int) -> float:
    """The value of the trend Line; that of Twice is 2 · Line + 3, for every second run."""
    return 10.0 + number


def start(number: int) -> float:
    """When a run began, Unix s."""
    return 1_660_000_000.0 + 10_000 * number


def duration(number: int) -> float:
    """Of a run, s."""
    return 0.0 if number == NO_LENGTH else 1800.0 * (1 + number % 5)


def recorded(number: int) -> float:
    """Luminosity of a run, /pb."""
    return 10.0 * (1 + number % 4)


def usual_range() -> tuple[float, float]:
    """Mean ± 5 RMS of the trend Planted."""
    values = [planted(number) for number in range(COUNT) if number != NO_POINT]
    return fmean(values) - 5 * pstdev(values), fmean(values) + 5 * pstdev(values)


def fill_planted(settings: Settings) -> None:
    """Store all of it."""
    folder = config_folder(settings) / "Strip"
    folder.mkdir(parents=True, exist_ok=True)
    sections = (f"[plot:{name}]\nmetric = basic.Mean()\nrelativePath = Strip/{name}\nyTitle = Mean of {name}\n" for name in TRENDS)
    (folder / "trends.ini").write_text("\n".join(sections))
    sync(load_configs(config_folder(settings)))
    store = TrendStore(settings)
    for number, run in enumerate(RUNS):
        _facts(store, number, run)
        store.add(run, _points(number), EXPRESS)
    add_group(DisplayGroup("Steps", "Step and flat", "Level", "Strip", False, ("Step", "Flat")))
    add_group(DisplayGroup("Against", "Twice against line", "", "Strip", True, ("Line", "Twice")))


def _points(number: int) -> dict[str, Point]:
    value: Point = (planted(number), 0.5)
    if number == MARKED:
        value = (planted(number), 0.5, "few entries: 12 of 100")
    if number == NO_POINT:
        value = "The histogram is empty"
    points: dict[str, Point] = {"Planted": value, "Step": (step(number), 0.25), "Flat": (flat(number), 0.25), "Line": (line(number), 0.1)}
    if number % 2 == 0:
        points["Twice"] = (2 * line(number) + 3, 0.1)
    if number < 5:
        points["Old"] = (1.0, 0.1)
    return points


def _facts(store: TrendStore, number: int, run: int) -> None:
    if number == UNKNOWN:
        return
    lumi = None if number == NO_LUMI else recorded(number)
    begin = start(number)
    times = {"start": begin, "end": begin + duration(number), "duration": duration(number)}
    store.facts(run, fill=8500 + number // 6, **times, recorded_lumi=lumi, delivered_lumi=lumi and 1.1 * lumi)
