"""DQM^2 in the OpenAPI document."""

from __future__ import annotations

from app.square import run_files
from app.square.event_kinds import KINDS
from app.square.states import JOB_BADGES
from app.square.systems import DEFAULT_SYSTEM, PLAYBACK, SYSTEM_DESCRIPTIONS, SYSTEMS
from app.web.openapi import (
    BOOLEAN,
    COUNT,
    INTEGER,
    NUMBER,
    TEXT,
    Schema,
    array,
    choice,
    get_operation,
    json_response,
    mapping_of,
    nullable,
    object_schema,
    parameter,
)

SYSTEM = parameter(
    "system",
    " ".join(f"{name}: {description}" for name, description in SYSTEM_DESCRIPTIONS.items()),
    choice(SYSTEMS, default=DEFAULT_SYSTEM),
)
RUN_NUMBER = parameter("run", "Number of the run.", COUNT, "path")
KEY = parameter("key", "The key of a job.", TEXT, required=True)
FROM, TO = parameter("from", "The first run.", COUNT), parameter("to", "The last run.", COUNT)

RUN: Schema = {
    "run": INTEGER,
    "data_run": nullable(INTEGER),
    "runkey": TEXT,
    "cmssw": TEXT,
    "first": NUMBER,
    "last": NUMBER,
    "lumi": nullable(INTEGER),
    "jobs": INTEGER,
    "clients": INTEGER,
    "running": INTEGER,
    "finished": INTEGER,
    "crashed": INTEGER,
    "stopped": INTEGER,
    "failed": INTEGER,
}
JOB = object_schema(
    {
        "client": TEXT,
        "state": choice(list(JOB_BADGES)),
        "attempt": INTEGER,
        "key": TEXT,
        "tag": TEXT,
        "host": TEXT,
        "pid": nullable(INTEGER),
        "exit_code": nullable(INTEGER),
        "fi_state": nullable(INTEGER),
        "lumi": nullable(INTEGER),
        "events": nullable(INTEGER),
        "rate": nullable(NUMBER),
        "rss_kb": nullable(INTEGER),
        "data_run": nullable(INTEGER),
        "cmssw": TEXT,
        "runkey": TEXT,
        "path": TEXT,
        "started": NUMBER,
        "reported": NUMBER,
        "acknowledged": nullable(object_schema({"user": TEXT, "at": NUMBER, "note": TEXT})),
        "stopped": nullable(object_schema({"command": INTEGER, "title": TEXT, "user": TEXT, "at": NUMBER, "reason": TEXT})),
    }
)
FILES = object_schema({name: array(nullable(NUMBER)) for name in run_files.DeliveredFile._fields})
HOST = object_schema(
    {
        "name": TEXT,
        "role": TEXT,
        "age_s": nullable(NUMBER),
        "answered_s": nullable(NUMBER),
        "tried_s": nullable(NUMBER),
        "failing": BOOLEAN,
        "error": TEXT,
        "behind": INTEGER,
        "silent": BOOLEAN,
    }
)
MACHINE = object_schema({"name": TEXT, "reported_up": BOOLEAN, "message": TEXT, "at": NUMBER, "since": NUMBER, "up": nullable(BOOLEAN)})
PLAYER = object_schema(
    {
        "system": TEXT,
        "host": TEXT,
        "run": nullable(INTEGER),
        "state": TEXT,
        "at": NUMBER,
        "lumi": nullable(INTEGER),
        "lumis": nullable(INTEGER),
        "source": TEXT,
        "runkey": TEXT,
        "lumi_s": nullable(NUMBER),
        "skipped": array(INTEGER),
        "streams": array(object_schema({"name": TEXT, "files": INTEGER})),
    }
)
EVENT = object_schema(
    {
        "id": TEXT,
        "system": TEXT,
        "kind": choice(list(KINDS)),
        "run": nullable(INTEGER),
        "key": TEXT,
        "at": NUMBER,
        "title": TEXT,
        "text": TEXT,
    }
)

HIDDEN_RUN: Schema = {"run": INTEGER, "user": TEXT, "at": NUMBER, "reason": TEXT}


def _hiding(summary: str, fields: tuple[str, ...]) -> Schema:
    """An address that hides a run or shows it again."""
    body = object_schema({name: schema for name, schema in {"run": INTEGER, "reason": TEXT}.items() if name in fields}, fields)
    return {
        "post": {
            "summary": summary,
            "parameters": [SYSTEM],
            "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
            "responses": {
                "200": json_response("The hidden runs of the system.", object_schema({"hidden": array(object_schema(HIDDEN_RUN))}))
            },
        }
    }


LEGACY_NAMES = ["get_info", "get_run", "get_graph", "get_runs", "get_clients", "get_logs", "get_cluster_status"]

V1: Schema = {
    "/api/v1/square/runs": get_operation(
        "Runs of DQM^2.",
        [SYSTEM, FROM, TO, parameter("limit", "Maximum number of runs; default 100.", COUNT | {"maximum": 1000})],
        "Highest number first; doubtful and hidden runs apart. jobs: processes. Clients count by their newest job: running, finished, crashed, stopped by a command; "
        "failed: earlier jobs that crashed.",
        object_schema(
            {
                "system": TEXT,
                "runs": array(object_schema(RUN)),
                "doubtful": array(object_schema({**RUN, "doubt": TEXT})),
                "hidden": array(object_schema(HIDDEN_RUN)),
            }
        ),
    ),
    "/api/v1/square/hide-run": _hiding("Take a run from all lists and from the mirrors; its data stay.", ("run", "reason")),
    "/api/v1/square/show-run": _hiding("Put a hidden run back on the lists and mirrors.", ("run",)),
    "/api/v1/square/runs/{run}": get_operation(
        "One run with its jobs; 0 is the newest.",
        [RUN_NUMBER, SYSTEM],
        "Most urgent jobs first.",
        object_schema(
            {
                "system": TEXT,
                "version": INTEGER,
                **RUN,
                "before": nullable(INTEGER),
                "after": nullable(INTEGER),
                "newest": nullable(INTEGER),
                "list": array(JOB),
            }
        ),
    ),
    "/api/v1/square/runs/{run}/files": get_operation(
        "The files of a run by stream.",
        [RUN_NUMBER, SYSTEM, parameter("since", "Version of an earlier response: only lumisections that may have changed.", COUNT)],
        "Arrays of equal length for each stream, with one entry per file.",
        object_schema({"run": INTEGER, "version": INTEGER, "streams": mapping_of(FILES)}),
    ),
    "/api/v1/square/job": get_operation("The document of a job.", [KEY, SYSTEM], "As P5 has it, without its log.", {"type": "object"}),
    "/api/v1/square/log": get_operation(
        "The stored lines of a log.",
        [KEY, SYSTEM],
        "gap: number of lines before the part that is not stored, or null.",
        object_schema({"key": TEXT, "lines": array(TEXT), "gap": nullable(INTEGER)}),
    ),
    "/api/v1/square/hosts": get_operation(
        "Polled hosts, and the host status reported by P5.",
        [SYSTEM],
        "Ages are in s.",
        object_schema({"system": TEXT, "hosts": array(HOST), "machines": array(MACHINE)}),
    ),
    "/api/v1/square/events": get_operation(
        "Events of runs, jobs and hosts.",
        [
            SYSTEM,
            parameter("since", "Unix s UTC; default one day before `until`.", COUNT),
            parameter("until", "Unix s UTC; default now.", COUNT),
            parameter("kinds", "Some of " + ", ".join(KINDS) + ", separated by commas; default all.", TEXT),
            parameter("limit", "Maximum number of events.", COUNT | {"maximum": 1000, "default": 1000}),
        ],
        "Newest first. id: stable identifier; key: of the job, or the name of the host; at: Unix s UTC.",
        object_schema({"system": TEXT, "events": array(EVENT)}),
    ),
    "/api/v1/square/player": get_operation(
        "The playback player.",
        [SYSTEM, parameter("run", "Number of a run; default the newest that it played.", COUNT)],
        "As reported at `at`; values that are not reported are null or empty.",
        PLAYER,
    ),
}

LEGACY: Schema = {
    "/api": get_operation(
        "The API of the original mirror of DQM^2.",
        [
            parameter("what", "Name of the query.", choice(LEGACY_NAMES), required=True),
            parameter("db", "The system; required, except for get_cluster_status.", choice(SYSTEMS)),
            parameter("cluster", "The system, for get_cluster_status.", choice(SYSTEMS, default=PLAYBACK)),
            parameter("run", "For get_run and get_graph.", INTEGER),
            FROM,
            TO,
            parameter("bad_only", "1: only jobs without exit code 0; required for get_runs.", INTEGER),
            parameter("ls", "1: only jobs that saw a lumisection; required for get_runs.", INTEGER),
            parameter("id", "The key of a job, for get_logs.", TEXT),
        ],
        "In the form of the original mirror; the log is HTML.",
        {"oneOf": [{"type": "array", "items": {}}, {"type": "object"}]},
    ),
}

PATHS: Schema = V1 | LEGACY
