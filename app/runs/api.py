"""/api/v1/runs/<run>/facts: the facts of a run for scripts."""

from __future__ import annotations

from flask import Blueprint, Response

from app.runs import store
from app.runs.documents import facts_json
from app.runs.settings import RunsSettings
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
