"""/api?what=...: the API of the older mirror, in its shapes; where it gave wrong values these are right.

Names of hosts are shortened as there. What was not reported is -1.
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
from app.publish.sanitize.host_names import shortened
from app.security import Role, needs
from app.square import charts, details, runs
from app.square.models import SYSTEMS, Document, Graph, Job, Run
from app.square.view_state import ViewState
from app.web import Problem
from app.web.arguments import LARGEST_RUN
from app.web.clock import CERN
from app.web.versioned_json import answer

blueprint = Blueprint("square_legacy", __name__)

MOST_RUNS = 1000
"""Runs of one answer of get_runs; the pages of the older mirror ask for 100."""


def or_none(value: Any) -> Any:
    """-1 for what was not reported."""
    return -1 if value is None else value


def letters(tag: str) -> str:
    """What the older mirror's database orders by: it passes over everything but letters and digits."""
    return "".join(letter for letter in tag.lower() if letter.isalnum())


def sorted_as_text(job: Job) -> tuple[str, str]:
    return letters(job.tag), job.key


def _whole(*names: str) -> list[int]:
    given = [request.args.get(name, "") for name in names]
    for text in given:
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LARGEST_RUN):
            wrong = f"{', '.join(reversed(names))} must be {'an integer' if len(names) == 1 else 'integers'}"
            raise Problem(400, wrong, [(name, "a whole number is expected") for name in names])
    return [int(text) for text in given]


def _system(name: str = "db") -> str:
    given = request.args.get(name, SYSTEMS[0])
    if given not in SYSTEMS:
        raise Problem(400, f"{name} must be one of {sorted(SYSTEMS)}", [(name, "one of " + ", ".join(sorted(SYSTEMS)))])
    return given


@blueprint.get("/api")
@needs(Role.VIEWER)
def api() -> Response:
    """The answer to `what`."""
    what = request.args.get("what", "")
    if what not in ANSWERS:
        raise Problem(404, f"{what} is not supported", [("what", "one of " + ", ".join(ANSWERS))])
    return ANSWERS[what]()


def get_info() -> Response:
    system = _system()
    return answer(lambda: list(runs.span(system)), version_of(system))


def get_run() -> Response:
    system, (run,) = _system(), _whole("run")
    found = runs.find(system, run)

    def make() -> Any:
        jobs = sorted(runs.jobs(system, run), key=sorted_as_text)
        facts = [found.cmssw, found.runkey] if found and jobs else []
        return [list(runs.neighbours(system, run)), [facts, [_client(job) for job in jobs]]]

    return answer(make, version_of(system), int(time.time()))


def _client(job: Job) -> list[Any]:
    return [
        job.reported * 1000, round(time.time() - job.reported, 6), shortened(job.host), or_none(job.exit_code), runs.client_name(job.tag),
        or_none(job.lumi), f"{job.rss_kb} kB" if job.rss_kb is not None else "", or_none(job.events), job.key,
        -1.0 if job.rate is None else job.rate,
    ]  # fmt: skip


def get_graph() -> Response:
    system, (run,) = _system(), _whole("run")

    def make() -> Any:
        graph = Graph.get_or_none(Graph.system == system, Graph.run == run)
        if graph is None:
            return []
        document = Document.get_or_none(Document.system == system, Document.key == graph.key)
        rev, at = (document.rev, document.timestamp) if document else (-1, graph.received)
        return [run, rev, graph.key, at, graph.global_start, charts.arrays(graph), graph.host]

    return answer(make, charts.version(system, run))


def get_runs() -> Response:
    system, (first, last) = _system(), _whole("from", "to")
    chosen_runs = Run.select().where(Run.system == system, Run.run.between(first, last))
    if chosen_runs.count() > MOST_RUNS:
        raise Problem(400, f"from {first} to {last} there are more than {MOST_RUNS} runs", [("from", "a range of fewer runs is expected")])
    bad_only, with_lumis = request.args.get("bad_only") == "1", request.args.get("ls") == "1"

    def make() -> Any:
        chosen = Job.select().where(Job.system == system, Job.run.between(first, last))
        if bad_only:
            chosen = chosen.where((Job.exit_code != 0) | Job.exit_code.is_null())
        if with_lumis:
            chosen = chosen.where(Job.lumi > 0)
        jobs = sorted(chosen, key=lambda job: (job.run, sorted_as_text(job)))
        facts = {
            str(run.run): [or_none(run.data_run), run.runkey, run.cmssw] for run in chosen_runs
        }  # after the jobs: each of them has one
        found: dict[str, dict[str, Any]] = {}
        for job in jobs:
            row = found.setdefault(str(job.run), {"run_data": facts[str(job.run)], "clients": {}})
            row["clients"].setdefault(runs.client_name(job.tag), []).append(_cell(job))
        return found

    return answer(make, version_of(system))


def _cell(job: Job) -> list[Any]:
    at = datetime.fromtimestamp(job.reported, CERN).isoformat(timespec="microseconds")
    state = "" if job.fi_state is None else str(job.fi_state)
    return [shortened(job.host), or_none(job.events), or_none(job.lumi), state, or_none(job.exit_code), at]


def get_clients() -> Response:
    system, (first, last) = _system(), _whole("from", "to")
    chosen = rows(Job.select(Job.tag).distinct().where(Job.system == system, Job.run.between(first, last), Job.tag != ""))
    names = list(dict.fromkeys(runs.client_name(tag) for tag in sorted((tag for (tag,) in chosen), key=letters)))
    return answer(lambda: [name for name in names if name != "__init__"], names)


def get_logs() -> Response:
    job = details.job_of(_system(), request.args.get("id", ""))
    start, end = ("".join(lines) for lines in details.log_of(job))
    return Response(f"<pre>{escape(start)}\n ... \n\n{escape(end)}</pre>", content_type="text/html; charset=utf-8")


def get_cluster_status() -> Response:
    found = runs.machines(_system("cluster"))
    shown = [[shortened(one.name), one.said, one.message or None, one.at] for one in found]
    return answer(lambda: shown, [(one.name, one.said, one.message) for one in found], int(time.time()))


ANSWERS: dict[str, Callable[[], Response]] = {
    one.__name__: one for one in (get_info, get_run, get_graph, get_runs, get_clients, get_logs, get_cluster_status)
}


@blueprint.get("/cr/")
@blueprint.get("/cr/login/")
@needs(Role.OPERATOR)
def control() -> AnyResponse:
    """The control room of the older mirror. What its page sent (`/cr/exe`) is not taken here: it had no confirmation."""
    return redirect(request.script_root + "/control")


@blueprint.get("/timeline/")
@needs(Role.VIEWER)
def timeline() -> AnyResponse:
    """The timeline of the older mirror."""
    return redirect(ViewState(_system(), "cern").link("/square/timeline"))
