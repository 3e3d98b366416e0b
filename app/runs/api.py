"""/api/v1/runs/<run>/facts and /lumisections: the facts of a run for scripts."""

from __future__ import annotations

from flask import Blueprint, Response

from app.runs import store
from app.runs.documents import facts_json, lumisections_json
from app.runs.models import RunRecord
from app.runs.settings import RunsSettings
from app.security import Role, needs
from app.web import Problem, cached_json, request_settings
from app.web.arguments import checked_run

blueprint = Blueprint("runs_api", __name__, url_prefix="/api/v1/runs")


@blueprint.get("/<int:run>/facts")
@needs(Role.VIEWER)
def show_facts(run: int) -> Response:
    """What OMS and the Run Registry have of a run, with its age."""
    return cached_json(facts_json(_find(run), request_settings().of(RunsSettings)))


@blueprint.get("/<int:run>/lumisections")
@needs(Role.VIEWER)
def show_lumisections(run: int) -> Response:
    """The states of lumisections in the datasets that the Run Registry has of a run."""
    return cached_json(lumisections_json(_find(run).run))


def _find(run: int) -> RunRecord:
    found = store.find_facts(checked_run(run)) if run < 2**31 else None
    if found is None:
        raise Problem(404, f"Run {run} is not known: neither a registered file nor DQM^2 has it")
    return found
