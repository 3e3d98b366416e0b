"""/api/v1/transfers: reports of the processes of the transfer, and what is known of runs and hosts."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.core.input_problems import MAX_LISTED
from app.gui.settings import GuiSettings
from app.security import Role, needs
from app.security.audit_log import acting_user
from app.security.guard import check_machine
from app.transfers import runs
from app.transfers.api.documents import concatenation_json, hosts_json, run_json, summary_json
from app.transfers.errors import BadReport
from app.transfers.products import concatenation
from app.transfers.reports.checks import read_report
from app.transfers.reports.refusals import audit_refusal
from app.transfers.reports.store import store_report
from app.transfers.settings import TransfersSettings
from app.web import Problem, cached_json, request_settings
from app.web.arguments import LARGEST_RUN, check_arguments, int_arg
from app.web.json_body import json_body

blueprint = Blueprint("transfers_api", __name__, url_prefix="/api/v1/transfers")

MAX_BODY_BYTES = 8 << 20
"""Longest report."""
DEFAULT_RUNS, MAX_RUNS = 50, 200
"""Runs of one answer."""
EXPECTED = "Expected a report of the transfer as JSON object"


@blueprint.post("/reports")
@needs(Role.PUBLIC)
def receive_report() -> Response:
    """Store a report of a process of the transfer, for trusted networks and operators."""
    request.max_content_length = MAX_BODY_BYTES
    try:
        check_machine(request_settings().of(GuiSettings).register_networks, "Reporting transfers")
        report = read_report(json_body(EXPECTED, any_type=True))
        acknowledged = store_report(report, request_settings().of(TransfersSettings), time.time())
    except (BadReport, Problem) as error:
        _audit_refused(error)
        raise
    if report.refused:
        audit_refusal(acting_user(), f"{report.mode} of {report.host}", report.refused[-1].problem, time.time())
    answer = {"acknowledged": acknowledged, "refused": [each._asdict() for each in report.refused[:MAX_LISTED]]}
    if len(report.refused) > MAX_LISTED:
        answer["not_listed"] = len(report.refused) - MAX_LISTED
    return jsonify(answer)


def _audit_refused(error: BadReport | Problem) -> None:
    """Add a report that was refused as a whole to the audit log; not those of programs that nobody knows, which may be many."""
    if isinstance(error, BadReport):
        audit_refusal(acting_user(), "nothing", f"{error.field}: {error.problem}", time.time())
    elif error.status != 401:
        audit_refusal(acting_user(), "nothing", error.errors[0][1] if error.errors else error.message, time.time())


@blueprint.get("")
@needs(Role.VIEWER)
def list_runs() -> Response:
    """The runs, the newest first: at most `limit`, those before the run `before`."""
    check_arguments(("limit", "before"))
    limit = max(int_arg("limit", DEFAULT_RUNS, MAX_RUNS), 1)
    found = runs.runs(limit, min(int_arg("before", 0, LARGEST_RUN), 2**31))
    after: Any = found[-1].run if len(found) == limit else None
    return cached_json({"runs": [summary_json(each) for each in found], "next": after})


@blueprint.get("/<int:run>")
@needs(Role.VIEWER)
def show_run(run: int) -> Response:
    """All about a run."""
    return cached_json(run_json(runs.run(run)))


@blueprint.get("/<int:run>/concatenations/<int:number>")
@needs(Role.VIEWER)
def show_concatenation(run: int, number: int) -> Response:
    """A concatenation with its inputs."""
    return cached_json(concatenation_json(concatenation(run, number)))


@blueprint.get("/hosts")
@needs(Role.VIEWER)
def list_hosts() -> Response:
    """The processes of the transfer, the GUI machines, and the newest rounds of clean-up."""
    return cached_json(hosts_json(request_settings().of(TransfersSettings).transfer_silent_s))
