"""The samples of a request for the values of whole runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.core.database import rows
from app.core.settings import Settings
from app.gui.models import Dataset, Sample
from app.gui.patterns import InvalidPattern, compile_pattern
from app.gui.samples import SampleKey
from app.trends.custom.requests import RunsRequest
from app.trends.errors import InvalidQuery
from app.trends.query.newest_runs import chosen_runs
from app.trends.query.run_choice import RunChoice
from app.trends.settings import TrendSettings


class ChosenSamples(NamedTuple):
    """The samples of a request."""

    samples: list[SampleKey]  # the newest run first
    note: str  # what was left out, or ""


def choose_samples(request: RunsRequest, settings: Settings) -> ChosenSamples:
    """The samples of a request, the newest run first. Raises InvalidQuery if its pattern or choice of runs cannot be used."""
    found = _samples(_dataset_ids(request))
    chosen = _chosen(RunChoice.parse(request.runs), np.array([sample.run for sample in found], dtype=np.int64))
    samples = [sample for sample in found if sample.run in chosen]
    limit = min(request.files, settings.of(TrendSettings).trend_request_files)
    return ChosenSamples(samples[:limit], left_out_note(len(samples) - limit, limit, "oldest"))


def left_out_note(count: int, limit: int, which: str) -> str:
    """A sentence about the files that the limit leaves out; "" if there are none."""
    if count <= 0:
        return ""
    files = f"The {count:,} {which} files are" if count > 1 else f"The {which} file is"
    return f"{files} left out: the limit is {limit:,}."


def _dataset_ids(request: RunsRequest) -> list[int]:
    """The dataset of the request, and those that its pattern matches."""
    matches = dataset_pattern(request.datasets).search if request.datasets else None
    return [
        number
        for number, name in rows(Dataset.select(Dataset.id, Dataset.name))
        if name == request.dataset or (matches and matches(name.encode()))
    ]


def dataset_pattern(text: str) -> Any:
    """The pattern of further datasets. Raises InvalidQuery."""
    try:
        return compile_pattern(text.encode())
    except InvalidPattern as error:
        raise InvalidQuery(f"Expected a regular expression (re2): {error}") from None


def _samples(datasets: Sequence[int]) -> list[SampleKey]:
    has_list = Sample.me_count.is_null() | (Sample.me_count > 0)  # a file of lumisections alone has nothing of the whole run
    query = Sample.select(Sample.run, Sample.lumi, Dataset.name).join(Dataset)
    query = query.where(Sample.lumi == 0, Sample.run > 0, Sample.dataset.in_(list(datasets)), has_list)
    return [SampleKey(*row) for row in rows(query.order_by(Sample.run.desc(), Dataset.name))]


def _chosen(choice: RunChoice, runs: NDArray[np.int64]) -> set[int]:
    """Those of some runs that a choice names. Raises InvalidQuery if it names an unknown golden JSON."""
    chosen = chosen_runs(np.unique(runs), choice)
    return set(chosen[-choice.latest :].tolist())  # of any other choice all, as its `latest` is 0
