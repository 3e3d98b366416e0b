"""/api?what=...: the API of the original mirror, in its form; values that it gave wrong are right here.

Names of hosts are shortened as they were there. Values that were not reported are -1.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from html import escape
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.counters import version_of
from app.core.database import rows
from app.core.zones import CERN, DEFAULT_ZONE
from app.publish.sanitize.host_names import shorten
from app.security import Role, needs
from app.square import job_documents, run_files, runs
from app.square.clients import client_name
from app.square.models import Document, Graph, Job, Run
from app.square.systems import DEFAULT_SYSTEM, PLAYBACK, SYSTEMS
from app.square.view_state import ViewState
from app.web import Problem
from app.web.arguments import parse_int
from app.web.responses import ContentResponse
from app.web.versioned_json import versioned_json

blueprint = Blueprint("square_legacy", __name__)

MAX_RUNS = 1000
"""Runs of one response of get_runs; the pages of the original mirror request 100."""

HIDDEN_CLIENT = "__init__"
"""A client that the original mirror does not list."""


def or_minus_one(value: Any) -> Any:
    """The value, or -1 for None."""
    return -1 if value is None else value


def sort_text(tag: str) -> str:
    """The text by which the database of the original mirror sorts: letters and digits only."""
    return "".join(letter for letter in tag.lower() if letter.isalnum())


def _sort_key(job: Job) -> tuple[str, str]:
    return sort_text(job.tag), job.key


def _int_args(description: str, *names: str) -> list[int]:
    """Whole numbers of the query, with the error message of the original mirror. Raises Problem 400.

    Args:
        description: What the message says, as "run must be an integer".
    """
    numbers = {name: parse_int(request.args.get(name, "")) for name in names}
    if wrong := [name for name, number in numbers.items() if number is None]:
        raise Problem(400, description, [(name, "Expected a whole number") for name in wrong])
    return [number for number in numbers.values() if number is not None]


def _range_args(*others: str) -> list[int]:
    """The first and the last run of the query, in whichever order they are there, and further whole numbers. Raises Problem 400."""
    first, last, *more = _int_args(f"{'to, from, bad_only and ls' if others else 'to, from'} must be integers", "from", "to", *others)
    return [min(first, last), max(first, last), *more]


def _system(name: str = "db", default: str = "") -> str:
    """The system of the query; a missing one without `default` is an error, as at the original mirror. Raises Problem 400."""
    system = request.args.get(name, default)
    if system not in SYSTEMS:
        raise Problem(400, f"{name} must be one of {sorted(SYSTEMS)}", [(name, "Expected one of " + ", ".join(sorted(SYSTEMS)))])
    return system


@blueprint.get("/api")
@needs(Role.VIEWER)
def api() -> Response:
    """The response to the query `what`."""
    what = request.args.get("what", "")
    if what not in QUERIES:
        raise Problem(404, f"{what} is not supported", [("what", "Expected one of " + ", ".join(QUERIES))])
    return QUERIES[what]()


def get_info() -> Response:
    """The first and the newest run."""
    system = _system()
    return versioned_json(lambda: list(runs.run_range(system)), version_of(system))


def get_run() -> Response:
    """A run with its neighbours and clients."""
    (run,), system = _int_args("run must be an integer", "run"), _system()
    row = runs.find_run(system, run)

    def build() -> Any:
        jobs = sorted(runs.jobs(system, run), key=_sort_key)
        facts = [row.cmssw, row.runkey] if row and jobs else []
        return [list(runs.neighbours(system, run)), [facts, [_client(job) for job in jobs]]]

    return versioned_json(build, version_of(system), int(time.time()))


def _client(job: Job) -> list[Any]:
    return [
        job.reported * 1000,
        round(max(0.0, time.time() - job.reported), 6),
        shorten(job.host),
        or_minus_one(job.exit_code),
        client_name(job.tag),
        or_minus_one(job.lumi),
        f"{job.rss_kb} kB" if job.rss_kb is not None else "",
        or_minus_one(job.events),
        job.key,
        -1.0 if job.rate is None else job.rate,
    ]


def get_graph() -> Response:
    """The file deliveries of a run."""
    (run,), system = _int_args("run must be an integer", "run"), _system()

    def build() -> Any:
        graph = Graph.get_or_none(Graph.system == system, Graph.run == run)
        if graph is None:
            return []
        document = Document.get_or_none(Document.system == system, Document.key == graph.key)
        rev, at = (document.rev, document.timestamp) if document else (-1, graph.received)
        return [run, rev, graph.key, at, graph.global_start, run_files.file_arrays(graph), graph.host]

    return versioned_json(build, run_files.files_version(system, run))


def get_runs() -> Response:
    """Runs with their jobs by client."""
    (first, last, bad_only, with_lumis), system = _range_args("bad_only", "ls"), _system()
    found = Run.select().where(runs.is_listed(system), Run.run.between(first, last))
    if found.count() > MAX_RUNS:
        message = f"There are more than {MAX_RUNS} runs from {first} to {last}"
        raise Problem(400, message, [("from", "Expected a range with fewer runs")])
    query = _jobs_query(system, first, last, bool(bad_only), bool(with_lumis))

    def build() -> Any:
        jobs = sorted(query, key=lambda job: (job.run, _sort_key(job)))
        facts = {row.run: [or_minus_one(row.data_run), row.runkey, row.cmssw] for row in found}  # after the jobs: each has one
        table: dict[str, dict[str, Any]] = {}
        for job in jobs:
            if job.run not in facts:  # doubtful since the query
                continue
            line = table.setdefault(str(job.run), {"run_data": facts[job.run], "clients": {}})
            line["clients"].setdefault(client_name(job.tag), []).append(_cell(job))
        return table

    return versioned_json(build, version_of(system))


def _listed_numbers(system: str, first: int, last: int) -> Any:
    return Run.select(Run.run).where(runs.is_listed(system), Run.run.between(first, last))


def _jobs_query(system: str, first: int, last: int, bad_only: bool, with_lumis: bool) -> Any:
    query = Job.select().where(Job.system == system, Job.run.in_(_listed_numbers(system, first, last)))
    if bad_only:
        query = query.where((Job.exit_code != 0) | Job.exit_code.is_null())
    return query.where(Job.lumi > 0) if with_lumis else query


def _cell(job: Job) -> list[Any]:
    at = datetime.fromtimestamp(job.reported, CERN).isoformat(timespec="microseconds")
    state = "" if job.fi_state is None else str(job.fi_state)
    return [shorten(job.host), or_minus_one(job.events), or_minus_one(job.lumi), state, or_minus_one(job.exit_code), at]


def get_clients() -> Response:
    """The names of the clients of several runs."""
    (first, last), system = _range_args(), _system()
    query = Job.select(Job.tag).distinct().where(Job.system == system, Job.run.in_(_listed_numbers(system, first, last)), Job.tag != "")
    names = list(dict.fromkeys(client_name(tag) for tag in sorted((tag for (tag,) in rows(query)), key=sort_text)))
    return versioned_json(lambda: [name for name in names if name != HIDDEN_CLIENT], names)


def get_logs() -> Response:
    """The stored log of a job as HTML."""
    job = job_documents.find_job(_system(), request.args.get("id", ""))
    start, end = ("".join(lines) for lines in job_documents.stored_log(job))
    return ContentResponse(f"<pre>{escape(start)}\n ... \n\n{escape(end)}</pre>", content_type="text/html; charset=utf-8")


def get_cluster_status() -> Response:
    """The newest status of each machine."""
    machines = runs.machines(_system("cluster", PLAYBACK))
    lines = [[shorten(one.name), one.reported_up, one.message or None, one.at] for one in machines]
    return versioned_json(lambda: lines, [(one.name, one.reported_up, one.message) for one in machines], int(time.time()))


QUERIES: dict[str, Callable[[], Response]] = {
    query.__name__: query for query in (get_info, get_run, get_graph, get_runs, get_clients, get_logs, get_cluster_status)
}


@blueprint.get("/cr/")
@blueprint.get("/cr/login/")
@needs(Role.OPERATOR)
def control() -> AnyResponse:
    """The control room of the original mirror. Its commands (`/cr/exe`) are not accepted here: they had no confirmation."""
    return redirect(request.script_root + "/control")


@blueprint.get("/timeline/")
@needs(Role.VIEWER)
def timeline() -> AnyResponse:
    """The timeline of the original mirror."""
    return redirect(ViewState(_system(default=DEFAULT_SYSTEM), DEFAULT_ZONE).link("/square/timeline"))
