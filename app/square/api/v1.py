"""/api/v1/square: runs, jobs, files, logs, hosts and the player of DQM^2 as JSON. Times are Unix s UTC."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.core.counters import version_of
from app.core.database import rows
from app.security import Role, current_user, needs
from app.square import charts, details, logs, runs
from app.square.documents import mapping
from app.square.models import Job, Run
from app.square.player import player
from app.square.states import state_of
from app.square.view_state import view_from_request
from app.web import Problem
from app.web.arguments import LARGEST_RUN, checked_run, int_arg
from app.web.versioned_json import answer

blueprint = Blueprint("square_api", __name__, url_prefix="/api/v1/square")

MOST_RUNS = 1000

RUN = (Run.run, Run.data_run, Run.runkey, Run.cmssw, Run.first, Run.last, Run.lumi, Run.jobs, Run.running, Run.finished, Run.crashed)
JOB = (
    Job.key, Job.tag, Job.host, Job.pid, Job.exit_code, Job.fi_state, Job.lumi, Job.events, Job.rate, Job.rss_kb, Job.data_run,
    Job.cmssw, Job.runkey, Job.path, Job.started, Job.reported,
)  # fmt: skip


def named(columns: tuple[Any, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    return {column.name: value for column, value in zip(columns, row, strict=True)}


@blueprint.get("/runs")
@needs(Role.VIEWER)
def list_runs() -> Response:
    """Runs from `from` to `to`, the newest first, at most `limit`."""
    system = view_from_request().system
    first, last, limit = int_arg("from", 0), int_arg("to", LARGEST_RUN), min(int_arg("limit", 100), MOST_RUNS)

    def make() -> Any:
        query = Run.select(*RUN).where(Run.system == system, Run.run.between(first, last)).order_by(Run.run.desc()).limit(limit)
        return {"system": system, "runs": [named(RUN, row) for row in rows(query)]}

    return answer(make, version_of(system))


@blueprint.get("/runs/<int:run>")
@needs(Role.VIEWER)
def one_run(run: int) -> Response:
    """A run with its neighbours and its jobs; `run` 0 is the newest."""
    system = view_from_request().system
    newest = runs.newest(system)
    wanted = checked_run(run) or newest or 0
    found = runs.find(system, wanted)
    if found is None:
        raise Problem(404, f"run {run} is not known in {system}" if run else f"no run is known in {system}")

    def make() -> Any:
        before, after = runs.neighbours(system, wanted)
        clients = runs.clients(system, runs.jobs(system, wanted))
        jobs = [_job(client.name, attempt) for client in clients for attempt in (client.newest, *client.earlier)]
        facts = {column.name: getattr(found, column.name) for column in RUN}
        return {"system": system, "version": found.version, **facts, "before": before, "after": after, "newest": newest, "list": jobs}

    return answer(make, found.version, newest, [state_of(job.exit_code, runs.age(job.reported) or 0) for job in runs.jobs(system, wanted)])


def _job(name: str, attempt: runs.Attempt) -> dict[str, Any]:
    facts = {column.name: getattr(attempt.job, column.name) for column in JOB}
    seen = attempt.seen and {"user": attempt.seen.user, "at": attempt.seen.at, "note": attempt.seen.note}
    return {"client": name, "state": attempt.state, **facts, "acknowledged": seen}


@blueprint.get("/runs/<int:run>/files")
@needs(Role.VIEWER)
def run_files(run: int) -> Response:
    """The files of a run by stream; with `since`, the version of an earlier answer, only lumisections that may have changed."""
    system, since = view_from_request().system, int_arg("since", 0)
    if runs.find(system, checked_run(run)) is None:
        raise Problem(404, f"run {run} is not known in {system}")

    def make() -> Any:
        known = charts.files(system, run, since)
        streams = {
            stream.name: {name: [file[at] for file in stream.files] for at, name in enumerate(charts.File._fields)}
            for stream in known.streams
        }
        return {"run": run, "version": known.version, "streams": streams}

    return answer(make, charts.version(system, run))


@blueprint.get("/job")
@needs(Role.VIEWER)
def job() -> Response:
    """The document of the job `key`, as P5 has it; its environment only for experts."""
    found = details.job_of(view_from_request().system, request.args.get("key", ""))
    full = current_user().role >= Role.EXPERT

    def make() -> Any:
        document = details.document(found)
        extra = mapping(document.get("extra"))
        if "environ" in extra and not full:
            document = document | {"extra": {name: value for name, value in extra.items() if name != "environ"}}
        return document

    return answer(make, found.version, full)


@blueprint.get("/log")
@needs(Role.VIEWER)
def log() -> Response:
    """The lines that are stored of the log of the job `key`; gap: how many are before those that are missing, or null."""
    found = details.job_of(view_from_request().system, request.args.get("key", ""))

    def make() -> Any:
        joined = logs.join(*details.log_of(found))
        return {"key": found.key, "lines": joined.lines, "gap": joined.gap}

    return answer(make, found.version)


@blueprint.get("/hosts")
@needs(Role.VIEWER)
def hosts() -> Response:
    """The hosts that are asked, with the ages of their answers, s; and the machines as P5 sees them."""
    system = view_from_request().system
    found = {
        "system": system,
        "hosts": [host._asdict() | {"silent": host.silent} for host in runs.hosts(system)],
        "machines": [machine._asdict() | {"up": machine.up} for machine in runs.machines(system)],
    }
    return answer(lambda: found, found)


@blueprint.get("/player")
@needs(Role.VIEWER)
def show_player() -> Response:
    """What the player of old runs says of `run`, or of the newest that it played."""
    system, run = view_from_request().system, int_arg("run", 0)
    found = player(system, run or runs.newest(system), later=not run)
    if found is None:
        raise Problem(404, f"no player has said anything of run {run} of {system}" if run else f"no player of {system} is known")
    streams = [stream._asdict() for stream in found.streams]
    return answer(lambda: {"system": system, **found._asdict(), "streams": streams}, found)
