"""The panel with the facts of a run, which pages of the run in other areas show."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.runs import store
from app.runs.dataset_store import DatasetFacts, datasets_of
from app.runs.models import KNOWN, OMS, RUN_REGISTRY, UNKNOWN, RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import Significance, significance_of
from app.runs.units import INSTANTANEOUS, NORMAL_UNITS
from app.web import etag_of
from app.web.clock import time_html

TITLES = {OMS: "OMS", RUN_REGISTRY: "Run Registry"}
"""Name of each source on pages."""


POLL_S = 30
"""Interval between two requests of a panel for young facts, s."""
YOUNG_S = 900.0
"""Facts that are fetched again within this time are young."""
SHOWN_RANGES = 20
"""Lumisection ranges of a component that are shown; the API has all."""


class SourceNote(NamedTuple):
    """What a panel says of a source."""

    title: str
    state: str  # a few words
    at: float | None  # of the last answer, Unix s UTC
    error: str  # why the last attempt failed, or ""
    link: str  # to the page of the run there, or ""


class DatasetNote(NamedTuple):
    """What a panel says of a dataset in the Run Registry."""

    name: str
    state: str  # in the workspace global, or ""
    summary: str  # number of components by their worst state
    components: list[tuple[str, str]]  # name, and its lumisections by state
    error: str  # why the ranges are missing, or ""


@dataclass(frozen=True)
class FactsPanel:
    """Values of the template runs/panel.html."""

    facts: RunRecord
    summary: list[str]  # the most important facts
    values: list[tuple[str, str]]  # label and text of what OMS has of the run
    significance: Significance
    sources: list[SourceNote]
    datasets: list[DatasetNote]
    version: str  # changes with what is shown
    is_young: bool  # whether the facts are fetched again soon


def facts_panel(run: int, settings: Settings) -> FactsPanel | None:
    """The panel of a run; None if nothing of this hub has the run, or no source is configured."""
    own = settings.of(RunsSettings)
    facts = store.find_facts(run) if own.runs_oms_url or own.runs_rr_url else None
    if facts is None:
        return None
    sources = list(_sources(facts, own))
    return FactsPanel(
        facts,
        list(_summary(facts)),
        list(_values(facts)),
        significance_of(facts, own),
        sources,
        [_dataset(each) for each in datasets_of(run)],
        etag_of(facts.version, *sources)[:16],
        any(due is not None and due < time.time() + YOUNG_S for due in (facts.oms_due, facts.rr_due)),
    )


def number_text(value: float) -> str:
    """A number with four digits, whole from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def value_text(facts: RunRecord, name: str) -> str:
    """A column with its unit; "" if it is null."""
    value = getattr(facts, name)
    unit = facts.unknown_units.get(name, NORMAL_UNITS[name])
    return "" if value is None else f"{number_text(value)} {'× 10³⁴ cm⁻² s⁻¹' if unit == INSTANTANEOUS else unit}"


def duration_text(seconds: float) -> str:
    """A duration as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _summary(facts: RunRecord) -> Iterator[str]:
    if facts.run_class:
        yield facts.run_class
    if facts.fill is not None:
        yield f"fill {facts.fill}"
    if facts.recorded_lumi:
        yield value_text(facts, "recorded_lumi")
    elif facts.duration is not None:
        yield duration_text(facts.duration)
    if facts.b_field is not None:
        yield value_text(facts, "b_field")
    if facts.oms_state == KNOWN and facts.end is None:
        yield "ongoing"
    if not facts.oms_at and not facts.rr_at:
        yield "not fetched yet"
    elif UNKNOWN in (facts.oms_state, facts.rr_state):
        names = [title for name, title in TITLES.items() if facts.source_column(name, "state") == UNKNOWN]
        yield f"unknown to {' and '.join(names)}"


def _values(facts: RunRecord) -> Iterator[tuple[str, str]]:
    """Label and text of each fact that OMS has."""
    fill = ", ".join(str(each) for each in (facts.fill, facts.fill_type, facts.injection_scheme) if each is not None)
    lumis = "" if facts.dcs_lumis is None else str(facts.dcs_lumis) + (f" of {facts.last_lumi}" if facts.last_lumi else "")
    texts = {
        "Fill": fill,
        "Era": facts.era,
        "Stable beams": {True: "yes", False: "no", None: ""}[facts.stable_beam],
        "Duration": "" if facts.duration is None else duration_text(facts.duration),
        "Recorded luminosity": value_text(facts, "recorded_lumi"),
        "Delivered luminosity": value_text(facts, "delivered_lumi"),
        "Luminosity at the end": value_text(facts, "end_lumi"),
        "Magnetic field": value_text(facts, "b_field"),
        "Beam energy": value_text(facts, "energy"),
        "L1 rate": value_text(facts, "l1_rate"),
        "HLT physics rate": value_text(facts, "hlt_physics_rate"),
        "L1 key": facts.l1_key,
        "HLT key": facts.hlt_key,
        "Lumisections with DCS": lumis,
    }
    yield from ((label, text) for label, text in texts.items() if text)


def _sources(facts: RunRecord, settings: RunsSettings) -> Iterator[SourceNote]:
    urls = {OMS: (settings.runs_oms_url, settings.runs_oms_page), RUN_REGISTRY: (settings.runs_rr_url, settings.runs_rr_page)}
    for name, (url, page) in urls.items():
        if not url:
            continue
        state = facts.source_column(name, "state")
        words = {KNOWN: "fetched", UNKNOWN: "unknown run, last checked"}.get(state, "not fetched yet")
        error = facts.source_column(name, "error") or store.source_state(name).error
        link = page.replace("{run}", str(facts.run)) if state == KNOWN else ""
        yield SourceNote(TITLES[name], words, facts.source_column(name, "at"), error, link)


STATES = ("BAD", "STANDBY", "EXCLUDED", "NOTSET", "EMPTY", "GOOD")
"""States of lumisections, the worst first."""


def _dataset(found: DatasetFacts) -> DatasetNote:
    worst = Counter(min(states, key=_severity) for states in found.components.values() if states)
    summary = ", ".join(f"{worst[state]} {state}" for state in sorted(worst, key=_severity))
    names = sorted(found.components, key=lambda name: (min(map(_severity, found.components[name]), default=(len(STATES), "")), name))
    return DatasetNote(
        found.name, found.states.get("global", ""), summary, [(name, _component(found, name)) for name in names], found.error
    )


def _severity(state: str) -> tuple[int, str]:
    return (STATES.index(state) if state in STATES else len(STATES), state)


def _component(found: DatasetFacts, name: str) -> str:
    """The lumisections of a component by state: ranges with their comments if they are known, or numbers."""
    ranges = (found.ranges or {}).get(name)
    if ranges is None:
        counts = found.components[name]
        return ", ".join(f"{counts[state]:,} {state}" for state in sorted(counts, key=_severity))
    texts = []
    for each in ranges[:SHOWN_RANGES]:
        words = " ".join(filter(None, (each.cause, each.comment)))
        texts.append(f"{each.first}–{each.last} {each.status}" + (f" ({words})" if words else ""))
    return "; ".join(texts) + (f"; {len(ranges) - SHOWN_RANGES:,} more ranges" if len(ranges) > SHOWN_RANGES else "")


def run_page_links(run: int, settings: Settings) -> list[tuple[str, str]]:
    """Name and address of the page of a run in each source that has one, whether its facts are fetched or not."""
    own = settings.of(RunsSettings)
    pages = {OMS: own.runs_oms_page, RUN_REGISTRY: own.runs_rr_page}
    return [(TITLES[name], page.replace("{run}", str(run))) for name, page in pages.items() if page]


def panel_values(run: int, settings: Settings) -> Mapping[str, Any]:
    """Values of the template runs/panel.html."""
    values = {"panel": facts_panel(run, settings), "time_html": time_html, "age_s": lambda at: max(time.time() - at, 0.0)}
    return values | {"poll_s": POLL_S}
