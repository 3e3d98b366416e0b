"""/api/v1/runs/<run>/facts: the facts of a run for scripts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.runs import store
from app.runs.models import NOT_FETCHED, SOURCES, RunRecord
from app.runs.settings import RunsSettings
from app.runs.significance import significance_of
from app.runs.store import OMS_COLUMNS
from app.runs.units import NORMAL_UNITS
from app.security import Role, needs
from app.web import Problem, cached_json, request_settings
from app.web.arguments import checked_run

blueprint = Blueprint("runs_api", __name__, url_prefix="/api/v1/runs")


@blueprint.get("/<int:run>/facts")
@needs(Role.VIEWER)
def show_facts(run: int) -> Response:
    """What OMS and the Run Registry have of a run, with its age."""
    found = store.find_facts(checked_run(run)) if run < 2**31 else None
    if found is None:
        raise Problem(404, f"Run {run} is not known: neither a registered file nor DQM^2 has it")
    return cached_json(facts_json(found, request_settings().of(RunsSettings)))


def facts_json(facts: RunRecord, settings: RunsSettings) -> dict[str, Any]:
    """The facts of a run as JSON."""
    significance = significance_of(facts, settings)
    units = {name: facts.unknown_units.get(name, unit) for name, unit in NORMAL_UNITS.items() if name in OMS_COLUMNS}
    columns = {name: getattr(facts, name) for name in OMS_COLUMNS}
    registry = {"class": facts.run_class, "significant": facts.rr_significant, "state": facts.rr_run_state}
    return {
        "run": facts.run,
        "oms": columns | {"dcs_lumis": facts.dcs_lumis, "units": units},
        "run_registry": registry | {"components": facts.component_states},
        "significant": significance.value,
        "significance": significance.reason,
        "sources": {name: _source(facts, name) for name in SOURCES},
    }


def _source(facts: RunRecord, name: str) -> dict[str, Any]:
    state = facts.source_column(name, "state")
    return {
        "state": "not fetched" if state == NOT_FETCHED else state,
        "fetched": facts.source_column(name, "at"),
        "due": facts.source_column(name, "due"),
        "error": facts.source_column(name, "error") or store.source_state(name).error,
    }
