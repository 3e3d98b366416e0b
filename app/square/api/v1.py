"""/api/v1/square: runs, jobs, files, logs, hosts, events and the playback player as JSON. Times are Unix s UTC."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, Response, request

from app.core.counters import version_of
from app.core.database import rows
from app.security import Role, needs
from app.security.caller import current_user
from app.square import job_documents, logs, run_files, runs
from app.square.api.hidden_runs import hidden_json
from app.square.clients import JobAttempt, group_clients, job_state
from app.square.errors import UnknownPlayer, UnknownRun
from app.square.event_kinds import KINDS
from app.square.events import events
from app.square.models import Job, Run
from app.square.plausibility import DOUBTS
from app.square.player import latest_player_report
from app.square.values import mapping
from app.square.view_state import job_from_request, view_from_request
from app.web import Problem, cached_json
from app.web.arguments import LARGEST_RUN, checked_run, int_arg
from app.web.versioned_json import versioned_json

blueprint = Blueprint("square_api", __name__, url_prefix="/api/v1/square")

MAX_RUNS = 1000
MAX_EVENTS = 1000
DAY_S = 86400

MAX_TIME = 10**11
"""Unix s; later times are outside the calendar."""

RUN_COLUMNS = (
    Run.run,
    Run.data_run,
    Run.runkey,
    Run.cmssw,
    Run.first,
    Run.last,
    Run.lumi,
    Run.jobs,
    Run.clients,
    Run.running,
    Run.finished,
    Run.crashed,
    Run.stopped,
    Run.failed,
)
JOB_COLUMNS = (
    Job.key,
    Job.tag,
    Job.host,
    Job.pid,
    Job.exit_code,
    Job.fi_state,
    Job.lumi,
    Job.events,
    Job.rate,
    Job.rss_kb,
    Job.data_run,
    Job.cmssw,
    Job.runkey,
    Job.path,
    Job.started,
    Job.reported,
)


def _columns(row: Any, columns: tuple[Any, ...]) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in columns}


@blueprint.get("/runs")
@needs(Role.VIEWER)
def list_runs() -> Response:
    """Runs from `from` to `to`, highest number first, at most `limit`; doubtful and hidden runs apart."""
    system = view_from_request().system
    first, last, limit = int_arg("from", 0), int_arg("to", LARGEST_RUN), min(int_arg("limit", 100), MAX_RUNS)

    def build() -> Any:
        query = Run.select(*RUN_COLUMNS).where(runs.is_listed(system), Run.run.between(first, last))
        found = query.order_by(Run.run.desc()).limit(limit)
        names = [column.name for column in RUN_COLUMNS]
        doubtful = [{**_columns(row, RUN_COLUMNS), "doubt": DOUBTS[row.doubt]} for row in runs.doubtful_runs(system)]
        listed = [dict(zip(names, row, strict=True)) for row in rows(found)]
        return {"system": system, "runs": listed, "doubtful": doubtful, "hidden": hidden_json(system)}

    return versioned_json(build, version_of(system))


@blueprint.get("/runs/<int:run>")
@needs(Role.VIEWER)
def one_run(run: int) -> Response:
    """A run with its neighbours and jobs; 0 is the newest."""
    system = view_from_request().system
    newest = runs.newest_run(system)
    if not run and newest is None:
        raise UnknownRun(f"No run is known in {system}")
    row = runs.get_run(system, checked_run(run) or newest or 0)

    def build() -> Any:
        before, after = runs.neighbours(system, row.run)
        clients = group_clients(system, runs.jobs(system, row.run))
        jobs = [
            _job(client.name, len(client.earlier) + 1 - place, attempt)
            for client in clients
            for place, attempt in enumerate(client.attempts)
        ]
        neighbours = {"before": before, "after": after, "newest": newest}
        return {"system": system, "version": row.version, **_columns(row, RUN_COLUMNS), **neighbours, "list": jobs}

    states = [job_state(job) for job in runs.jobs(system, row.run)]
    return versioned_json(build, row.version, newest, states)


def _job(name: str, number: int, attempt: JobAttempt) -> dict[str, Any]:
    note = attempt.acknowledgement
    acknowledged = note and {"user": note.user, "at": note.at, "note": note.note}
    facts = {"client": name, "state": attempt.state, "attempt": number, **_columns(attempt.job, JOB_COLUMNS)}
    return facts | {"acknowledged": acknowledged, "stopped": _stop(attempt)}


def _stop(attempt: JobAttempt) -> dict[str, Any] | None:
    stop = attempt.stop
    if stop is None:
        return None
    return {"command": stop.command, "title": stop.title, "user": stop.user, "at": stop.at, "reason": stop.reason}


@blueprint.get("/runs/<int:run>/files")
@needs(Role.VIEWER)
def list_files(run: int) -> Response:
    """The files of a run by stream; with `since`, the version of an earlier response, only lumisections that may have changed."""
    system, since = view_from_request().system, int_arg("since", 0)
    runs.get_run(system, checked_run(run))

    def build() -> Any:
        found = run_files.files_of_run(system, run, since)
        return {"run": run, "version": found.version, "streams": {stream.name: _file_columns(stream) for stream in found.streams}}

    return versioned_json(build, run_files.files_version(system, run))


def _file_columns(stream: run_files.FileStream) -> dict[str, list[Any]]:
    return {name: [file[index] for file in stream.files] for index, name in enumerate(run_files.DeliveredFile._fields)}


@blueprint.get("/job")
@needs(Role.VIEWER)
def show_job() -> Response:
    """The document of the job `key`, as P5 has it; only experts get its environment."""
    job = job_from_request(view_from_request())
    is_full = current_user().role >= Role.EXPERT

    def build() -> Any:
        document = job_documents.stored_document(job)
        extra = mapping(document.get("extra"))
        if "environ" in extra and not is_full:
            document = document | {"extra": {name: value for name, value in extra.items() if name != "environ"}}
        return document

    return versioned_json(build, job.version, is_full)


@blueprint.get("/log")
@needs(Role.VIEWER)
def show_log() -> Response:
    """The stored lines of the log of the job `key`."""
    job = job_from_request(view_from_request())

    def build() -> Any:
        log = logs.join_log(*job_documents.stored_log(job))
        return {"key": job.key, "lines": log.lines, "gap": log.gap}

    return versioned_json(build, job.version)


@blueprint.get("/hosts")
@needs(Role.VIEWER)
def list_hosts() -> Response:
    """The polled hosts with the ages of their responses, and the machines as P5 reports them."""
    system = view_from_request().system
    found = {
        "system": system,
        "hosts": [host._asdict() | {"silent": host.silent} for host in runs.hosts(system)],
        "machines": [machine._asdict() | {"up": machine.up} for machine in runs.machines(system)],
    }
    return versioned_json(lambda: found, found)


@blueprint.get("/player")
@needs(Role.VIEWER)
def show_player() -> Response:
    """The newest report of the playback player about `run`, or about the newest run."""
    system, run = view_from_request().system, int_arg("run", 0)
    found = latest_player_report(system, run or runs.newest_run(system), or_later=not run)
    if found is None:
        raise UnknownPlayer(f"No player reported about run {run} of {system}" if run else f"No player of {system} is known")
    streams = [stream._asdict() for stream in found.streams]
    return versioned_json(lambda: {"system": system, **found._asdict(), "streams": streams}, found)


@blueprint.get("/events")
@needs(Role.VIEWER)
def list_events() -> Response:
    """Events from `since` to `until` (default: the last day) of the `kinds`, newest first, at most `limit`."""
    system, now = view_from_request().system, int(time.time()) + 1
    until = int_arg("until", now, MAX_TIME)
    since, limit = int_arg("since", max(until - DAY_S, 0), MAX_TIME), min(int_arg("limit", MAX_EVENTS), MAX_EVENTS)
    kinds = [kind for kind in request.args.get("kinds", "").split(",") if kind] or list(KINDS)
    if unknown := set(kinds) - set(KINDS):
        raise Problem(400, f"There is no kind {min(unknown)[:100]!r}", [("kinds", "Expected some of " + ",".join(KINDS))])
    return cached_json({"system": system, "events": [event._asdict() for event in events(system, since, until, limit, kinds)]})
