"""State of the sources of facts for the status page and /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.core.area import StatusLine
from app.core.metrics import gauge
from app.core.settings import Settings
from app.runs import store
from app.runs.models import KNOWN, NOT_FETCHED, OMS, RUN_REGISTRY, SOURCES, UNKNOWN
from app.runs.panel import TITLES
from app.runs.settings import RunsSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

LABELS = {KNOWN: "known", UNKNOWN: "unknown", NOT_FETCHED: "not fetched"}


def configured_sources(settings: Settings) -> list[str]:
    """The sources that have an address."""
    runs = settings.of(RunsSettings)
    return [name for name, url in ((OMS, runs.runs_oms_url), (RUN_REGISTRY, runs.runs_rr_url)) if url]


def status_lines(settings: Settings) -> Iterator[StatusLine]:
    """A line for each source that has an address."""
    for name in configured_sources(settings):
        yield _line(name)


def _line(name: str) -> StatusLine:
    state, now = store.source_state(name), time.time()
    age_s = max(now - state.ok_at, 0.0) if state.ok_at else None
    if state.failures:
        return StatusLine(f"facts of runs: {TITLES[name]}", "down", f"fails, {state.failures} attempts", age_s, state.error)
    found = store.counts(name)
    text = ", ".join(f"{found[each]} {label}" for each, label in LABELS.items())
    return StatusLine(f"facts of runs: {TITLES[name]}", "ok" if state.ok_at else "idle", f"{text}; {store.due_count(name)} due", age_s)


def metrics(settings: Settings) -> Iterator[Metric]:
    """Runs by source and state, runs that are due, and failures of the sources."""
    found = {name: store.counts(name) for name in SOURCES}
    samples = [({"source": name, "state": LABELS[state]}, count) for name, each in found.items() for state, count in each.items()]
    yield gauge("dqmhub_run_facts", "Runs by source of facts and state", samples)
    yield gauge("dqmhub_run_facts_due", "Runs whose facts are due", [({"source": name}, store.due_count(name)) for name in SOURCES])
    failures = [({"source": name}, store.source_state(name).failures) for name in SOURCES]
    yield gauge("dqmhub_run_facts_failures", "Failed attempts of a source in a row", failures)
