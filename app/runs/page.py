"""/runs/<run>/facts: the panel with the facts of a run, which polls here while they are young."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.core.zones import DEFAULT_ZONE, ZONES
from app.runs.panel import panel_values
from app.security import Role, needs
from app.web import Problem, nothing_new, request_settings
from app.web import page as page_or_fragment
from app.web.arguments import checked_run

blueprint = Blueprint("runs_page", __name__)


@blueprint.get("/runs/<int:run>/facts")
@needs(Role.VIEWER)
def show_facts(run: int) -> Response:
    """The panel; 204 for `since=` its version."""
    values = panel_values(checked_run(run), request_settings())
    if values["panel"] is None:
        raise Problem(404, f"Run {run} is not known: neither a registered file nor DQM^2 has it")
    if unchanged := nothing_new(values["panel"].version):
        return unchanged
    tz = request.args.get("tz", "")
    return page_or_fragment("runs/facts.html", "runs/panel.html", run=run, tz=tz if tz in ZONES else DEFAULT_ZONE, **values)
