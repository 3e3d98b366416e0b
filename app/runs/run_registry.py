"""Client of the Run Registry, read only. Each method raises ServiceError."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.runs.errors import RequestRefused
from app.runs.service_client import ServiceClient, service_text
from app.runs.settings import RunsSettings

MAX_RUN_BYTES = 1 << 15
"""Largest answer for each run of a request; the record of a run has some 4 kB."""


class RegistryRun(NamedTuple):
    """A run as the Run Registry has it."""

    run: int
    run_class: str
    significant: bool | None
    state: str  # OPEN, SIGNOFF or COMPLETED
    components: dict[str, dict[str, int]]  # lumisections of the online dataset by component and state


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
        found = [self._run(row) for row in self._rows({"page": 0, "page_size": len(numbers), "sortings": [], "filter": wanted})]
        return {each.run: each for each in found if each.run in numbers}

    def _rows(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """All rows of a query, which fit into one page."""
        answer = self.client.post("runs_filtered_ordered", body, MAX_RUN_BYTES * body["page_size"])
        if "err" in answer:
            raise RequestRefused(f"The Run Registry refuses the request: {answer['err']}"[:300])
        rows, pages = answer.get("runs"), answer.get("pages")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not isinstance(pages, int | float):
            raise self.client.bad_answer("no list `runs`, or no number of pages")
        if not pages <= 1:  # also for NaN
            raise self.client.bad_answer(f"several pages for {body['page_size']} runs")
        return rows

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
