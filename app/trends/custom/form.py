"""The form for the trend of a monitor element: its fields, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from app.core.settings import Settings
from app.gui.catalog.catalog import Catalog
from app.gui.errors import GuiError
from app.gui.plots.near_names import near_names
from app.gui.samples import SampleKey, datasets, runs_of
from app.trends.custom.metric_list import check_metric, example_of
from app.trends.custom.requests import RunsRequest
from app.trends.custom.samples import dataset_pattern
from app.trends.errors import InvalidQuery
from app.trends.golden import find_golden
from app.trends.query.run_choice import RunChoice
from app.trends.settings import TrendSettings
from app.web.arguments import parse_int

FieldErrors = list[tuple[str, str]]
"""Name and problem of each wrong field."""

MAX_PATH, MAX_TITLE, MAX_PATTERN, MAX_RUNS = 1000, 200, 200, 10_000
PATHS = ("me", "histo1", "histo2", "reference")
USUAL_FILES = 200

_DATASET = re.compile(r"(/[^/\s]{1,200}){3}")


@dataclass(frozen=True)
class RequestForm:
    """The fields as they were typed. `run` is the one whose file is looked into for the monitor elements; "" for the newest."""

    dataset: str = ""
    run: str = ""
    me: str = ""
    metric: str = ""
    histo1: str = ""
    histo2: str = ""
    reference: str = ""
    title: str = ""
    runs: str = "latest:50"
    datasets: str = ""
    files: str = str(USUAL_FILES)

    @classmethod
    def of(cls, values: Mapping[str, str], limit: int) -> Self:
        """The form of the arguments of a request; `choose` names a metric of the list, in place of the one that was typed.

        limit: Most files that a request may name; what is usual is no more.
        """
        fields = {"files": str(min(int(cls.files), limit))} | {
            name: values[name].strip() for name in cls.__dataclass_fields__ if name in values
        }
        example = example_of(values.get("choose", ""))
        return cls(**fields | ({"metric": example} if example else {}))

    def request(self) -> RunsRequest:
        """What a form without errors asks for."""
        paths = {name: getattr(self, name).strip("/") for name in PATHS}
        runs, files = str(RunChoice.parse(self.runs)), int(self.files)
        return RunsRequest(metric=self.metric, dataset=self.dataset, datasets=self.datasets, runs=runs, files=files, **paths)


def form_of(request: RunsRequest, title: str = "") -> RequestForm:
    """The form that asks for the same."""
    names = ("metric", "dataset", "datasets", "runs", *PATHS)
    return RequestForm(title=title, files=str(request.files), **{name: getattr(request, name) for name in names})


def form_errors(form: RequestForm, settings: Settings, catalog: Catalog) -> FieldErrors:
    """What is wrong with a form, and what would be right."""
    errors = [*_choice_errors(form, settings), *quantity_errors(form)]
    if not errors:
        errors += _element_errors(form, catalog)
    return errors


def quantity_errors(form: RequestForm) -> Iterator[tuple[str, str]]:
    """What is wrong with metric, paths and title."""
    if problem := check_metric(form.metric).problem if form.metric else "Expected a metric, as basic.Mean()":
        yield "metric", problem
    for name in PATHS:
        path = getattr(form, name)
        if name == "me" and not path:
            yield name, "Expected the path of a monitor element, as Pixel/Tracks/ntracks"
        if len(path) > MAX_PATH:
            yield name, f"Expected at most {MAX_PATH:,} characters"
    if len(form.title) > MAX_TITLE:
        yield "title", f"Expected at most {MAX_TITLE} characters"


def _choice_errors(form: RequestForm, settings: Settings) -> Iterator[tuple[str, str]]:
    if problem := dataset_error(form.dataset):
        yield "dataset", problem
    try:
        if len(form.datasets) > MAX_PATTERN:
            raise InvalidQuery(f"Expected a pattern of at most {MAX_PATTERN} characters")
        dataset_pattern(form.datasets)
    except InvalidQuery as error:
        yield "datasets", str(error)
    if problem := runs_error(form.runs):
        yield "runs", problem
    limit = settings.of(TrendSettings).trend_request_files
    if not parse_int(form.files, limit):
        yield "files", f"Expected a whole number from 1 to {limit:,}"


def dataset_error(dataset: str) -> str:
    """What is wrong with the name of a dataset, or ""."""
    if not _DATASET.fullmatch(dataset):
        return "Expected the name of a dataset, /primary/processed/tier"
    return "" if dataset in datasets(dataset, limit=1000) else f"There is no dataset {dataset} on this hub"


def runs_error(text: str) -> str:
    """What is wrong with a choice of runs, or ""."""
    try:
        if len(text) > MAX_RUNS:
            return f"Expected at most {MAX_RUNS:,} characters"
        choice = RunChoice.parse(text)
        if choice.golden:
            find_golden(choice.golden)
    except InvalidQuery as error:
        return str(error)
    return ""


def _element_errors(form: RequestForm, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Monitor elements that the file of the run lacks, with the nearest names; nothing if its list is not there yet."""
    run = parse_int(form.run) or next(iter(runs_of(form.dataset, limit=1)), 0)
    try:
        sample = catalog.open(SampleKey(run, 0, form.dataset), 0)
    except (GuiError, OSError):
        return
    for name in PATHS:
        path = getattr(form, name).strip("/").encode()
        if path and sample.names.find(path) is None:
            near = ", ".join(each.decode(errors="replace") for each in near_names(sample.names, path))
            yield name, f"The file of run {run} has no such monitor element" + (f"; similar names are {near}" if near else "")
