"""The periodic tasks that fetch facts: one for each source, in batches, newest runs first.

A source that fails is left alone for a growing pause; meanwhile each step raises the same error, so that the outage is
one line of the log when it begins and one when it ends. A run for which only its own request fails waits alone.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.core.area import current_areas
from app.core.database import proxy
from app.core.settings import Settings
from app.core.zones import time_text
from app.runs import dataset_store, schedule, store
from app.runs.errors import ServiceError, ServiceOutage
from app.runs.models import OMS, RUN_REGISTRY
from app.runs.oms import OmsClient, OmsFill
from app.runs.run_registry import ComponentRange, RegistryDataset, RunRegistryClient
from app.runs.service_client import MAX_PAUSE_S
from app.runs.settings import RunsSettings
from app.runs.significance import dcs_groups_of

if TYPE_CHECKING:
    from app.queue.periodic import TaskRun

MAX_RUNS = 20_000
"""The newest so many runs of each area are enrolled."""

MAX_FAILURES = 3
"""So many single runs in a row whose requests fail are an outage of the source."""


class Source(ABC):
    """A source of facts, for one thread."""

    name = ""  # one of models.SOURCES
    title = ""
    runs_per_request = 1

    def __init__(self, settings: RunsSettings) -> None:
        self.settings = settings

    @abstractmethod
    def refresh(self, numbers: Sequence[int]) -> None:
        """Fetch and store the facts of these runs. Raises ServiceError."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""


class OmsSource(Source):
    """OMS: one run after the other, with its fill and its lumisections that pass the DCS filter."""

    name, title = OMS, "OMS"

    def __init__(self, settings: RunsSettings) -> None:
        super().__init__(settings)
        self.client = OmsClient(settings)
        self._fill: tuple[int, OmsFill | None] | None = None  # the last one: runs of a fill follow each other

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def refresh(self, numbers: Sequence[int]) -> None:
        """Fetch and store the facts of these runs.

        A run is stored once, with everything that OMS has of it: the answer to its last request can make it settled.
        """
        for number in numbers:
            found = self.client.run(number)
            fill = self._fill_of(found.fill) if found else None
            dcs_lumis = self._dcs_lumis(number, found.texts.get("hlt_key")) if found else None
            now, facts = time.time(), store.find_facts(number)
            start, end = (found.start, found.end) if found else (None, None)
            pause_s = schedule.oms_pause_s(now, facts.enrolled if facts else now, start, end, self.settings)
            store.store_oms(number, found, None if pause_s is None else now + pause_s, fill, dcs_lumis)

    def _fill_of(self, fill: int | None) -> OmsFill | None:
        if fill is None:
            return None
        if self._fill is None or self._fill[0] != fill:
            self._fill = fill, self.client.fill(fill)
        return self._fill[1]

    def _dcs_lumis(self, number: int, hlt_key: str | None) -> int | None:
        """The largest number of lumisections that have all bits of one group."""
        groups = dcs_groups_of(hlt_key, self.settings)
        return max((self.client.lumis_with(number, bits) for bits in groups), default=None)


RANGES_AT_ONCE = 50
"""Datasets of a batch whose lumisection ranges are fetched, each by a request."""


class RunRegistrySource(Source):
    """The Run Registry: runs and datasets of a whole batch by two requests, then the ranges of datasets that have changed."""

    name, title, runs_per_request = RUN_REGISTRY, "The Run Registry", 100

    def __init__(self, settings: RunsSettings) -> None:
        super().__init__(settings)
        self.client = RunRegistryClient(settings)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def refresh(self, numbers: Sequence[int]) -> None:
        """Fetch and store the facts of these runs, with their datasets and lumisection ranges.

        A run with more ranges than are fetched at once is due again at once. One whose datasets cannot be read keeps the stored ones.
        """
        found = self.client.runs(numbers)
        datasets, error = self._datasets([number for number in numbers if number in found])
        now, left = time.time(), RANGES_AT_ONCE
        for number, facts in store.facts_of(numbers).items():
            is_known = number in found
            pause_s = schedule.rr_pause_s(now, facts.enrolled, facts.end, is_known=is_known, settings=self.settings)
            listed = datasets.get(number, [])
            missing = dataset_store.without_ranges(number, listed)
            ranges = {name: self._ranges(number, name) for name in missing[:left]}
            if error:
                pause_s = schedule.run_retry_pause_s(facts.rr_failures + 1, self.settings)
            elif len(ranges) < len(missing):
                pause_s = 0.0
            left -= len(ranges)
            with proxy.atomic():
                store.store_run_registry(number, found.get(number), None if pause_s is None else now + pause_s, error if is_known else "")
                if not error:
                    dataset_store.store_datasets(number, listed, ranges)

    def _datasets(self, numbers: Sequence[int]) -> tuple[dict[int, list[RegistryDataset]], str]:
        """The datasets of runs, and why they cannot be read, or ""."""
        try:
            return self.client.datasets(numbers), ""
        except ServiceError as error:
            if error.is_outage:
                raise
            return {}, f"The datasets cannot be read: {error}"

    def _ranges(self, number: int, dataset: str) -> dict[str, list[ComponentRange]] | str:
        """The ranges of a dataset, or why they cannot be read."""
        try:
            return self.client.lumisection_ranges(number, dataset)
        except ServiceError as error:
            if error.is_outage:
                raise
            return str(error)


SOURCES: dict[str, type[Source]] = {OMS: OmsSource, RUN_REGISTRY: RunRegistrySource}


@contextmanager
def fetching_task(name: str, settings: Settings, run: TaskRun) -> Iterator[Callable[[], None]]:
    """Yields a function that fetches the next batch of due runs from a source."""
    source = SOURCES[name](settings.of(RunsSettings))
    try:
        yield lambda: fetch_due(source, run.should_stop)
    finally:
        source.close()


def enroll_wanted() -> int:
    """Enroll the newest runs that any area has; returns the number of the new ones."""
    return store.enroll(run for area in current_areas() if area.latest_runs for run in area.latest_runs(MAX_RUNS) if run > 0)


def fetch_due(source: Source, should_stop: Callable[[], bool]) -> None:
    """Fetch a batch of due runs. Raises ServiceOutage while the source fails."""
    state = store.source_state(source.name)
    if 0 < state.retry_at - time.time() <= 2 * MAX_PAUSE_S:  # a later time is that of a clock that was wrong
        raise ServiceOutage(f"{state.error} (next attempt at {time_text(state.retry_at, '%H:%M:%S')})")
    enroll_wanted()
    due = store.due_runs(source.name, source.settings.runs_batch)
    if not due:
        return
    try:
        _fetch(source, due, should_stop)
    except ServiceError as error:
        retry_at = time.time() + schedule.retry_pause_s(state.failures + 1, error.retry_after_s)
        store.record_source_failure(source.name, str(error), retry_at)
        raise ServiceOutage(f"{error} (next attempt at {time_text(retry_at, '%H:%M:%S')})") from error
    store.record_source_ok(source.name)


def _fetch(source: Source, due: Sequence[int], should_stop: Callable[[], bool]) -> None:
    """Fetch runs in parts; a part that fails is halved, so that one run whose answer is unusable leaves the others alone."""
    parts = [due[begin : begin + source.runs_per_request] for begin in range(0, len(due), source.runs_per_request)]
    failures = 0
    while parts and not should_stop():
        part = parts.pop(0)
        try:
            source.refresh(part)
            failures = 0
        except ServiceError as error:
            if error.is_outage:
                raise
            if len(part) > 1:
                parts[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]
                continue
            _record_run_failure(source, part[0], error)
            failures += 1
            if failures >= MAX_FAILURES:
                raise


def _record_run_failure(source: Source, number: int, error: ServiceError) -> None:
    facts = store.find_facts(number)
    failures = facts.source_column(source.name, "failures") + 1 if facts else 1
    store.store_run_failure(number, source.name, str(error), time.time() + schedule.run_retry_pause_s(failures, source.settings))
