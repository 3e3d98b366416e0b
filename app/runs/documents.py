"""The facts of a run as JSON, for the API and the command line."""

from __future__ import annotations

from typing import Any

from app.runs import store
from app.runs.dataset_store import DatasetFacts, datasets_of
from app.runs.models import NOT_FETCHED, SOURCES, RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import significance_of
from app.runs.store import OMS_COLUMNS
from app.runs.units import NORMAL_UNITS


def facts_json(facts: RunRecord, settings: RunsSettings) -> dict[str, Any]:
    """The facts of a run as JSON."""
    significance = significance_of(facts, settings)
    units = {name: facts.unknown_units.get(name, unit) for name, unit in NORMAL_UNITS.items() if name in OMS_COLUMNS}
    columns = {name: getattr(facts, name) for name in OMS_COLUMNS}
    registry = {"class": facts.run_class, "significant": facts.rr_significant, "state": facts.rr_run_state}
    return {
        "run": facts.run,
        "oms": columns | {"dcs_lumis": facts.dcs_lumis, "units": units},
        "run_registry": registry | {"components": facts.component_states, "datasets": [_dataset(each) for each in datasets_of(facts.run)]},
        "significant": significance.value,
        "significance": significance.reason,
        "sources": {name: _source(facts, name) for name in SOURCES},
    }


def _dataset(found: DatasetFacts) -> dict[str, Any]:
    return {"name": found.name, "states": found.states, "components": found.components}


def lumisections_json(run: int) -> dict[str, Any]:
    """The lumisection ranges of the datasets of a run as JSON."""
    return {"run": run, "datasets": [_ranges(each) for each in datasets_of(run)]}


def _ranges(found: DatasetFacts) -> dict[str, Any]:
    components = None if found.ranges is None else {name: [each._asdict() for each in ranges] for name, ranges in found.ranges.items()}
    return {"name": found.name, "components": components, "error": found.error}


def _source(facts: RunRecord, name: str) -> dict[str, Any]:
    state = facts.source_column(name, "state")
    return {
        "state": "not fetched" if state == NOT_FETCHED else state,
        "fetched": facts.source_column(name, "at"),
        "due": facts.source_column(name, "due"),
        "error": facts.source_column(name, "error") or store.source_state(name).error,
    }
