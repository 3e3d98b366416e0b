"""Why runs of a series have no point, and the runs before and after one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from peewee import JOIN, chunked, fn

from app.core.database import rows
from app.core.settings import Settings
from app.gui.models import Dataset, File, Sample
from app.runs.models import RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import significance_of
from app.runs.store import rows_of
from app.trends.datasets import DatasetIdentity
from app.trends.models import TrendDataset, TrendExtraction, TrendFile, TrendPoint, TrendReason
from app.trends.query.series_key import SeriesKey
from app.trends.query.stored_points import TrendFacts, series_ids
from app.trends.states import DONE, PARTIAL

Cause = Literal["no file", "waiting", "failed", "partial", "absent", "reason"]
"""Why a run has no point: no file of its dataset, a file that is not extracted yet, one that cannot be read, one of which a
part cannot be read, so that it may be there that the monitor elements are, a file without them, or a metric without a result."""


class MissingPoint(NamedTuple):
    """A run without a point."""

    run: int
    cause: Cause
    text: str = ""  # the reason of the metric, or why the file cannot be read
    url: str = ""  # of the file, which the text may name; "" if it is not known
    next_try: float = 0.0  # of a file that cannot be read, Unix s UTC


class Neighbour(NamedTuple):
    """The runs on one side of a run, up to the next one with a point."""

    run: int | None  # the next one with a point; None: there is none
    missing: list[MissingPoint]  # runs between, the nearest first, at most `SHOWN`
    more: int  # further ones


SHOWN = 3
"""Runs without a point that are named on each side."""
BATCH = 1000
"""Runs that are looked up at a time."""
NEAR = 200
"""Runs on each side among which significant ones without a file are looked for."""


def datasets_of_selection(primary_dataset: str, processing: str) -> dict[str, int | None]:
    """Name and id of the datasets that count as one; the id is null before the first extraction."""
    query = TrendDataset.select(TrendDataset.name, TrendDataset.id)
    known = query.where(TrendDataset.primary_dataset == primary_dataset, TrendDataset.processing == processing)
    found: dict[str, int | None] = dict(rows(known))
    beginning = f"/{primary_dataset}/"
    for (name,) in rows(Dataset.select(Dataset.name).where(Dataset.name.startswith(beginning))):
        identity = DatasetIdentity.of(name)
        if (identity.primary, identity.processing) == (primary_dataset, processing):
            found.setdefault(name, None)
    return found


def dataset_of_run(key: SeriesKey, run: int) -> str:
    """The dataset of the selection that has a file of a run; "" if there is none."""
    datasets = list(datasets_of_selection(key.primary_dataset, key.processing))
    files = Sample.select(Dataset.name).join(Dataset).where(Dataset.name.in_(datasets), Sample.run == run, Sample.lumi == 0)
    return max((name for (name,) in rows(files)), default="")


def neighbours(key: SeriesKey, trend: TrendFacts, run: int, settings: Settings) -> tuple[Neighbour, Neighbour]:
    """The runs before and after a run of a series."""
    series = series_ids(key, [trend.config.id])
    return _neighbour(key, series, run, -1, settings), _neighbour(key, series, run, 1, settings)


def _neighbour(key: SeriesKey, series: list[int], run: int, step: int, settings: Settings) -> Neighbour:
    point = TrendPoint
    is_beyond = point.run < run if step < 0 else point.run > run
    nearest = fn.MAX(point.run) if step < 0 else fn.MIN(point.run)
    found = rows(point.select(nearest).where(point.series.in_(series), is_beyond, point.value.is_null(False)))[0][0]
    low, high = sorted((run, found if found is not None else (0 if step < 0 else 1 << 31)))
    wanted = _runs_between(key, series, low, high) | _significant_runs(run, low, high, settings)
    between = sorted(wanted, reverse=step < 0)
    return Neighbour(found, missing_points(key, series, between[:SHOWN]), max(0, len(between) - SHOWN))


def _runs_between(key: SeriesKey, series: list[int], low: int, high: int) -> set[int]:
    """Runs of the datasets of the selection between two runs, whether they have a point or not."""
    datasets = datasets_of_selection(key.primary_dataset, key.processing)
    ids = [number for number in datasets.values() if number is not None]
    stored, extraction = TrendPoint, TrendExtraction
    found = {each for (each,) in rows(stored.select(stored.run).where(stored.series.in_(series), stored.run > low, stored.run < high))}
    tried = extraction.select(extraction.run).where(extraction.dataset.in_(ids), extraction.run > low, extraction.run < high)
    files = Sample.select(Sample.run).join(Dataset).where(Dataset.name.in_(list(datasets)), Sample.run > low, Sample.run < high)
    return found | {each for (each,) in rows(tried)} | {each for (each,) in rows(files.where(Sample.lumi == 0))}


def _significant_runs(run: int, low: int, high: int, settings: Settings) -> set[int]:
    """Significant runs of the class of a run between two runs, of which it is one; they should have a file."""
    is_before = run == high
    order = RunRecord.run.desc() if is_before else RunRecord.run
    run_class = RunRecord.select(RunRecord.run_class).where(RunRecord.run == run)
    query = RunRecord.select(RunRecord.run).where(RunRecord.run > low, RunRecord.run < high, RunRecord.run_class == run_class)
    own = settings.of(RunsSettings)
    near = rows_of(number for (number,) in rows(query.order_by(order).limit(NEAR)))
    return {number for number, facts in near.items() if significance_of(facts, own).value}


def missing_points(key: SeriesKey, series: list[int], runs: Iterable[int]) -> list[MissingPoint]:
    """Why each of these runs has no point."""
    return missing_of_all(key.primary_dataset, key.processing, [(series, list(runs))])[0]


def missing_of_all(primary_dataset: str, processing: str, wanted: list[tuple[list[int], list[int]]]) -> list[list[MissingPoint]]:
    """Why runs of several series of the same datasets have no point, by few queries for any number of series.

    Args:
        wanted: Of each series its ids in the datasets, and the runs.
    """
    datasets = datasets_of_selection(primary_dataset, processing)
    runs = sorted({run for _, few in wanted for run in few})
    series = sorted({number for numbers, _ in wanted for number in numbers})
    states: dict[int, MissingPoint] = {}
    reasons: dict[tuple[int, int], MissingPoint] = {}
    for batch in chunked(runs, BATCH):
        states |= _states(datasets, list(batch))
        for few in chunked(series, BATCH):
            reasons |= _reasons(list(few), list(batch))

    def why(numbers: list[int], run: int) -> MissingPoint:
        return next((reasons[number, run] for number in numbers if (number, run) in reasons), states[run])

    return [[why(numbers, run) for run in few] for numbers, few in wanted]


def _states(datasets: dict[str, int | None], runs: list[int]) -> dict[int, MissingPoint]:
    """Why runs have no row of any series."""
    files = Sample.select(Sample.run).join(Dataset).where(Dataset.name.in_(list(datasets)), Sample.run.in_(runs), Sample.lumi == 0)
    registered = {run for (run,) in rows(files)}
    waiting = {run: MissingPoint(run, "waiting" if run in registered else "no file") for run in runs}
    return waiting | _extraction_states([number for number in datasets.values() if number is not None], runs)


def _reasons(series: list[int], runs: list[int]) -> dict[tuple[int, int], MissingPoint]:
    """The reasons that metrics have given, by series and run."""
    query = TrendPoint.select(TrendPoint.series, TrendPoint.run, TrendReason.text, TrendFile.url)
    query = query.join(TrendReason, on=(TrendPoint.reason == TrendReason.id)).join(TrendFile, on=(TrendPoint.file == TrendFile.id))
    found = rows(query.where(TrendPoint.series.in_(series), TrendPoint.run.in_(runs), TrendPoint.value.is_null()))
    return {(number, run): MissingPoint(run, "reason", text, url) for number, run, text, url in found}


def _extraction_states(datasets: list[int], runs: list[int]) -> dict[int, MissingPoint]:
    """What the extraction of runs without a row says: a failure, or that the file lacks the monitor elements."""
    state = TrendExtraction
    query = state.select(state.run, state.state, state.error, state.next_try, File.url)
    query = query.join(File, JOIN.LEFT_OUTER, on=(state.sample_file == File.id))  # the one that the error is about
    found = rows(query.where(state.dataset.in_(datasets), state.run.in_(runs)).order_by(state.finished))
    causes: dict[str, Cause] = {DONE: "absent", PARTIAL: "partial"}
    return {
        run: MissingPoint(run, causes.get(name, "failed"), *(("", url or "") if name == DONE else (error, url or "", next_try)))
        for run, name, error, next_try, url in found
    }
