"""Searches for runs and datasets, for the home page and the API.

A text matches any part of a run number or dataset name (case-insensitive). The order is always the same: newest run
first, then dataset, then lumisection.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from peewee import SQL, Query, Select, fn

from app.core.database import is_sqlite, prepared, proxy, rows
from app.core.request_cache import once_per_request
from app.gui.models import Dataset, File, Sample
from app.web.arguments import parse_int

LARGEST = 2**31 - 1
"""Greatest run or lumisection."""


class SampleKey(NamedTuple):
    """The name of a sample."""

    run: int  # 0: the ongoing run
    lumi: int  # 0: the whole run
    dataset: str  # /primary/processed/tier

    def __str__(self) -> str:
        return f"run {self.run}" + (f", lumisection {self.lumi}" if self.lumi else "") + f" of {self.dataset}"


def search(run: str = "", dataset: str = "", lumi: int | None = 0, limit: int | None = None) -> list[SampleKey]:
    """Samples whose run and dataset contain these texts.

    Args:
        run: Part of a run number.
        dataset: Part of a dataset name.
        lumi: 0 for whole runs; -1 or None for all lumisections.
        limit: Greatest number of samples.
    """
    return _search(Sample.lumi > 0 if lumi in (None, -1) else Sample.lumi == lumi, run, dataset, limit)


def runs(run: str = "", dataset: str = "", limit: int | None = None) -> list[SampleKey]:
    """One sample for each run and dataset that contain these texts: the whole run, else its first lumisection."""
    return _search(Sample.first, run, dataset, limit)


def of_run(run: int) -> list[SampleKey]:
    """One sample for each dataset of a run (0: the ongoing one), in alphabetical order: the whole run, else its first lumisection."""
    return _search((Sample.run == run) & Sample.first, "", "", None) if run <= LARGEST else []


def ongoing(dataset: str = "") -> list[SampleKey]:
    """The samples of the ongoing run whose dataset contains this text."""
    return _search((Sample.run == 0) & Sample.first, "", dataset, None)


class LumiRange(NamedTuple):
    """The lumisections of a run of a dataset."""

    run: int
    dataset: str
    lumis: int  # their number
    first: int
    last: int


def lumi_ranges(run: str = "", dataset: str = "", lumi: str = "", limit: int | None = None) -> list[LumiRange]:
    """Runs and datasets with lumisections whose numbers contain `lumi`; counts and ends of these lumisections alone."""
    grouped = Sample.select(Sample.run, Dataset.name, fn.COUNT(Sample.id), fn.MIN(Sample.lumi), fn.MAX(Sample.lumi)).join(Dataset)
    query = matching(grouped.where(Sample.lumi > 0, Sample.me_count.is_null() | (Sample.me_count > 0)), run, dataset)
    if lumi:
        query = query.where(_contains(Sample.lumi.cast("TEXT"), lumi))
    return [
        LumiRange(*row) for row in rows(query.group_by(Sample.run, Dataset.name).order_by(Sample.run.desc(), Dataset.name).limit(limit))
    ]


def _search(condition: Any, run: str, dataset: str, limit: int | None) -> list[SampleKey]:
    query = matching(Sample.select(Sample.run, Sample.lumi, Dataset.name).join(Dataset).where(condition), run, dataset)
    return [SampleKey(*row) for row in rows(query.order_by(Sample.run.desc(), Dataset.name, Sample.lumi).limit(limit))]


def matching(query: Any, run: str, dataset: str) -> Any:
    """Restrict a query of samples to those whose run and dataset contain these texts."""
    if run:
        query = query.where(_run_contains(run))
    if dataset:  # few datasets have many samples: choosing them first is faster
        query = query.where(Sample.dataset.in_(Dataset.select(Dataset.id).where(_contains(Dataset.name, dataset))))
    return query


def registered_at(found: Iterable[int]) -> dict[int, float]:
    """The time at which the newest file of each of these runs was registered, Unix s UTC, by run."""
    query = Sample.select(Sample.run, fn.MAX(File.registered)).join(File, on=Sample.file == File.id)
    return dict(rows(query.where(Sample.first, Sample.run.in_(list(found))).group_by(Sample.run)))


def latest_runs(search: str = "", limit: int = 100) -> list[int]:
    """The latest runs whose number contains a text."""
    query = Sample.select(Sample.run).where(Sample.first).distinct().order_by(Sample.run.desc()).limit(limit)
    if search:
        query = query.where(_run_contains(search))
    return [run for (run,) in rows(query)]


def datasets(search: str = "", limit: int = 100) -> list[str]:
    """Names of datasets that contain a text, in alphabetical order."""
    query = Dataset.select(Dataset.name).order_by(Dataset.name).limit(limit)
    if search:
        query = query.where(_contains(Dataset.name, search))
    return [name for (name,) in rows(query)]


@once_per_request
def datasets_of(run: int, lumi: int = 0) -> list[str]:
    """The datasets of a run."""
    return [name for (name,) in _datasets_of(run, lumi)]


def runs_of(dataset: str, lumi: int = 0, limit: int = 1000) -> list[int]:
    """The latest runs of a dataset."""
    return [run for (run,) in _runs_of(dataset, lumi, limit)]


@once_per_request
def neighbours(key: SampleKey) -> tuple[int | None, int | None]:
    """The previous and the next run of the same dataset."""
    ((previous, following),) = _neighbours(key.dataset, key.lumi, key.run, key.dataset, key.lumi, key.run)
    return previous, following


def before_reprocessing(key: SampleKey) -> str | None:
    """The dataset of the run that this one replaced: same primary dataset, era and tier, and registered last before it."""
    _, primary, processed, tier = key.dataset.split("/")
    era = processed.partition("-")[0]
    query = Sample.select(Dataset.name, File.registered).join(Dataset).switch(Sample).join(File, on=Sample.file == File.id)
    times = dict(rows(query.where(Sample.run == key.run, Sample.lumi == key.lumi, Dataset.name.startswith(f"/{primary}/{era}"))))
    same = {name: time for name, time in times.items() if name.split("/")[2].partition("-")[0] == era and name.endswith(f"/{tier}")}
    earlier = [name for name, time in same.items() if time < same.get(key.dataset, 0.0)]
    return max(earlier, key=lambda name: same[name], default=None)


@once_per_request
def lumis_of(run: int, dataset: str) -> list[int]:
    """Lumisections of a run of a dataset that have MEs or are not read yet, in order; 0 is the whole run."""
    empty = {lumi for (lumi,) in _empty_of(dataset, run)}
    return [lumi for (lumi,) in _lumis_of(dataset, run) if lumi not in empty]


@prepared
def _datasets_of() -> Query:
    return Sample.select(Dataset.name).join(Dataset).where(Sample.run == 0, Sample.lumi == 0).order_by(Dataset.name)


@prepared
def _runs_of() -> Any:
    return _runs(Sample.run).order_by(Sample.run.desc()).limit(1)


@prepared
def _neighbours() -> Any:
    return Select(columns=[_runs(fn.MAX(Sample.run)).where(Sample.run < 0), _runs(fn.MIN(Sample.run)).where(Sample.run > 0)]).bind(proxy)


@prepared
def _lumis_of() -> Query:
    return Sample.select(Sample.lumi).join(Dataset).where(Dataset.name == "", Sample.run == 0).order_by(Sample.lumi)


@prepared
def _empty_of() -> Query:
    return Sample.select(Sample.lumi).join(Dataset).where(Dataset.name == "", Sample.run == 0, SQL("me_count = 0"))


def _runs(column: Any) -> Any:
    return Sample.select(column).join(Dataset).where(Dataset.name == "", Sample.lumi == 0)


def _contains(field: Any, text: str) -> Any:
    return fn.LOWER(field).contains(text.lower())  # peewee escapes the wildcards in the text


def _run_contains(text: str) -> Any:
    """A condition on the run: a whole number, of six digits, uses the index; a part is compared with every number."""
    text = text.strip()
    number = parse_int(text)
    if number is not None and len(text) == 6:
        return Sample.run == number
    return fn.INSTR(Sample.run, text) > 0 if is_sqlite() else fn.STRPOS(Sample.run.cast("TEXT"), text) > 0
