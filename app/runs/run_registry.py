"""Client of the Run Registry, read only. Each method raises ServiceError."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from app.runs.errors import RequestRefused
from app.runs.service_client import ServiceClient, service_text
from app.runs.settings import RunsSettings

PAGE_ROWS = 100
MAX_PAGES = 1000


class RegistryRun(NamedTuple):
    """A run as the Run Registry has it."""

    run: int
    run_class: str
    significant: bool | None
    state: str  # OPEN, SIGNOFF or COMPLETED
    components: dict[str, dict[str, int]]  # lumisections of the online dataset by component and state


class RegistryDataset(NamedTuple):
    """A dataset of a run in the Run Registry."""

    name: str
    states: dict[str, str]  # by workspace, such as global or tracker


class LumiStates(NamedTuple):
    """Consecutive lumisections in the same states."""

    first: int
    last: int
    states: dict[str, str]  # by component


class RunRegistryClient:
    """A client for one thread."""

    def __init__(self, settings: RunsSettings) -> None:
        self.client = ServiceClient(settings, "The Run Registry", settings.runs_rr_url, settings.runs_rr_audience)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def runs(self, numbers: Sequence[int]) -> dict[int, RegistryRun]:
        """The runs of these numbers that it knows, significant or not, by number."""
        wanted = {"run_number": {"or": [{"=": number} for number in numbers]}}
        found = (self._run(row) for row in self._rows("runs", wanted)) if numbers else iter(())
        return {each.run: each for each in found if each.run in numbers}

    def datasets(self, run: int) -> list[RegistryDataset]:
        """The datasets of a run."""
        found = []
        for row in self._rows("datasets", {"run_number": run}):
            attributes = row.get("dataset_attributes")
            if not isinstance(row.get("name"), str) or not isinstance(attributes, dict):
                raise self.client.bad_answer("a dataset without name or attributes")
            states = {name.removesuffix("_state"): state for name, state in attributes.items() if name.endswith("_state")}
            found.append(RegistryDataset(row["name"], {name: state for name, state in states.items() if isinstance(state, str)}))
        return found

    def lumisections(self, run: int, dataset: str = "online") -> list[LumiStates]:
        """Ranges of the lumisections of a run with the states of the components in a dataset."""
        rows = self.client.post("lumisections/rr_lumisection_ranges", {"run_number": run, "dataset_name": dataset})
        if isinstance(rows, dict) and "err" in rows:
            raise RequestRefused(f"The Run Registry refuses the request: {rows['err']}"[:300])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.client.bad_answer("no list of ranges")
        return [self._range(row) for row in rows]

    def _range(self, row: dict[str, Any]) -> LumiStates:
        first, last = row.get("start"), row.get("end")
        if type(first) is not int or type(last) is not int:
            raise self.client.bad_answer("a range without start and end")
        triplets = {name: value for name, value in row.items() if isinstance(value, dict)}
        return LumiStates(first, last, {name: value["status"] for name, value in triplets.items() if isinstance(value.get("status"), str)})

    def _rows(self, name: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows of all pages of `<name>_filtered_ordered`."""
        for page in range(MAX_PAGES):
            body = {"page": page, "page_size": PAGE_ROWS, "sortings": [], "filter": wanted}
            answer = self.client.post_object(f"{name}_filtered_ordered", body)
            if "err" in answer:
                raise RequestRefused(f"The Run Registry refuses the request: {answer['err']}"[:300])
            rows, pages = answer.get(name), answer.get("pages")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not isinstance(pages, int | float):
                raise self.client.bad_answer(f"no list `{name}`, or no number of pages")
            yield from rows
            if page + 1 >= pages:
                return
        raise self.client.bad_answer(f"{MAX_PAGES} pages, and no end")

    def _run(self, row: dict[str, Any]) -> RegistryRun:
        number, attributes = row.get("run_number"), row.get("rr_attributes")
        if type(number) is not int or not isinstance(attributes, dict):
            raise self.client.bad_answer("a run without number or rr_attributes")
        run_class, state = (service_text(attributes.get(name)) for name in ("class", "state"))
        significant = attributes.get("significant")
        return RegistryRun(number, run_class, significant if isinstance(significant, bool) else None, state, _components(row))


def _components(row: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Lumisections by component and state, without states of no lumisection."""
    cache = row.get("DatasetTripletCache")
    summary = cache.get("triplet_summary") if isinstance(cache, dict) else None
    found = {}
    for name, counts in summary.items() if isinstance(summary, dict) else ():
        if isinstance(counts, dict):
            found[service_text(name)] = {service_text(state): count for state, count in counts.items() if type(count) is int and count > 0}
    return found
