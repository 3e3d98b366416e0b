"""Client of the Run Registry, read only. Each method raises ServiceError."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.runs.errors import RequestRefused
from app.runs.service_client import ServiceClient, service_text
from app.runs.settings import RunsSettings

MAX_RUN_BYTES = 1 << 15
"""Largest answer for each run of a request; the record of a run has some 4 kB."""


DATASETS_PER_PAGE = 200
MAX_PAGES = 20
"""Pages of datasets for one request of runs; more are no answer to it."""
MAX_RANGES_BYTES = 1 << 22
"""Largest answer with the ranges of a dataset."""


class RegistryRun(NamedTuple):
    """A run as the Run Registry has it."""

    run: int
    run_class: str
    significant: bool | None
    state: str  # OPEN, SIGNOFF or COMPLETED
    components: dict[str, dict[str, int]]  # lumisections of the online dataset by component and state


class RegistryDataset(NamedTuple):
    """A dataset of a run as the Run Registry has it."""

    run: int
    name: str  # online, or /PromptReco/Collisions23/DQM
    states: dict[str, str]  # OPEN, SIGNOFF, COMPLETED... by workspace: global, tracker...
    components: dict[str, dict[str, int]]  # lumisections by component and state


class ComponentRange(NamedTuple):
    """Lumisections in a row in which a component has one state."""

    first: int
    last: int
    status: str  # GOOD, BAD, STANDBY, EXCLUDED, NOTSET or EMPTY
    cause: str
    comment: str


class RunRegistryClient:
    """A client for one thread."""

    def __init__(self, settings: RunsSettings) -> None:
        self.client = ServiceClient(settings, "The Run Registry", settings.runs_rr_url, settings.runs_rr_audience)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def runs(self, numbers: Sequence[int]) -> dict[int, RegistryRun]:
        """The runs of these numbers that it knows, significant or not, by number; by one request."""
        if not numbers:
            return {}
        wanted = {"run_number": {"or": [{"=": number} for number in numbers]}}
        rows, pages = self._page("runs", wanted, 0, len(numbers))
        if not pages <= 1:  # also for NaN
            raise self.client.bad_answer(f"several pages for {len(numbers)} runs")
        found = map(self._run, rows)
        return {each.run: each for each in found if each.run in numbers}

    def datasets(self, numbers: Sequence[int]) -> dict[int, list[RegistryDataset]]:
        """The datasets of these runs, by number and in the order of names; by one request for some hundred datasets."""
        if not numbers:
            return {}
        wanted = {"run_number": {"or": [{"=": number} for number in numbers]}}
        rows, pages = self._page("datasets", wanted, 0, DATASETS_PER_PAGE)
        if not pages <= MAX_PAGES:
            raise self.client.bad_answer(f"more than {MAX_PAGES} pages of datasets for {len(numbers)} runs")
        for page in range(1, math.ceil(pages)):
            rows += self._page("datasets", wanted, page, DATASETS_PER_PAGE)[0]
        found: dict[int, dict[str, RegistryDataset]] = {}
        for each in map(self._dataset, rows):
            found.setdefault(each.run, {})[each.name] = each
        return {run: [each for _, each in sorted(by_name.items())] for run, by_name in found.items() if run in numbers}

    def lumisection_ranges(self, run: int, dataset: str) -> dict[str, list[ComponentRange]]:
        """The ranges of lumisections of a dataset by component, in ascending order."""
        body = {"run_number": run, "dataset_name": dataset}
        answer = self.client.post("lumisections/rr_lumisection_ranges_by_component", body, MAX_RANGES_BYTES)
        _check_refusal(answer)
        return {service_text(name): [self._range(each) for each in self._list(ranges)] for name, ranges in sorted(answer.items())}

    def _page(self, kind: str, wanted: dict[str, Any], page: int, size: int) -> tuple[list[dict[str, Any]], float]:
        """The rows of a page of runs or datasets, and the number of pages."""
        body = {"page": page, "page_size": size, "sortings": [], "filter": wanted}
        answer = self.client.post(f"{kind}_filtered_ordered", body, MAX_RUN_BYTES * size)
        _check_refusal(answer)
        rows, pages = answer.get(kind), answer.get("pages")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.client.bad_answer(f"no list `{kind}`")
        if not isinstance(pages, int | float) or pages < 0:  # infinity and NaN are too many of them
            raise self.client.bad_answer("no number of pages")
        return rows, pages

    def _run(self, row: dict[str, Any]) -> RegistryRun:
        number, attributes = row.get("run_number"), row.get("rr_attributes")
        if type(number) is not int or not isinstance(attributes, dict):
            raise self.client.bad_answer("a run without number or rr_attributes")
        run_class, state = (service_text(attributes.get(name)) for name in ("class", "state"))
        significant = attributes.get("significant")
        return RegistryRun(number, run_class, significant if isinstance(significant, bool) else None, state, _components(row))

    def _dataset(self, row: dict[str, Any]) -> RegistryDataset:
        number, name, attributes = row.get("run_number"), service_text(row.get("name")), row.get("dataset_attributes")
        if type(number) is not int or not name:
            raise self.client.bad_answer("a dataset without run number or name")
        named = attributes.items() if isinstance(attributes, dict) else ()
        states = {key.removesuffix("_state"): service_text(value) for key, value in named if key.endswith("_state")}
        return RegistryDataset(number, name, {service_text(key): state for key, state in states.items() if state}, _components(row))

    def _list(self, ranges: Any) -> list[Any]:
        if not isinstance(ranges, list):
            raise self.client.bad_answer("lumisection ranges that are no lists")
        return ranges

    def _range(self, row: Any) -> ComponentRange:
        if not isinstance(row, dict) or not all(type(row.get(key)) is int for key in ("start", "end")):
            raise self.client.bad_answer("a lumisection range without start or end")
        return ComponentRange(row["start"], row["end"], *(service_text(row.get(key)) for key in ("status", "cause", "comment")))


def _check_refusal(answer: dict[str, Any]) -> None:
    if "err" in answer:
        raise RequestRefused(f"The Run Registry refuses the request: {answer['err']}"[:300])


def _components(row: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Lumisections by component and state, without states of no lumisection."""
    cache = row.get("DatasetTripletCache")
    summary = cache.get("triplet_summary") if isinstance(cache, dict) else None
    found = {}
    for name, counts in summary.items() if isinstance(summary, dict) else ():
        if isinstance(counts, dict):
            found[service_text(name)] = {service_text(state): count for state, count in counts.items() if type(count) is int and count > 0}
    return found
