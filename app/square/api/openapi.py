"""What the OpenAPI document says of the part of DQM^2, by address and method."""

from __future__ import annotations

from typing import Any

from app.square import charts
from app.square.events import KINDS
from app.square.models import SYSTEMS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "boolean"}


def maybe(schema: Schema) -> Schema:
    return schema | {"nullable": True}


def listed(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def of(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def parameter(name: str, help: str, schema: Schema, place: str = "query", *, required: bool = False) -> Schema:
    return {"name": name, "in": place, "description": help, "required": required or place == "path", "schema": schema}


def get(summary: str, parameters: list[Schema], help: str, schema: Schema) -> Schema:
    answer = {"description": help, "content": {"application/json": {"schema": schema}}}
    unchanged = {"description": "What `If-None-Match` names is what there is."}
    return {"get": {"summary": summary, "parameters": parameters, "responses": {"200": answer, "304": unchanged}}}


SYSTEM = parameter(
    "system", "Real data, or old files under false run numbers.", {"type": "string", "enum": list(SYSTEMS), "default": SYSTEMS[0]}
)
RUN_NUMBER = parameter("run", "Number of the run.", {"type": "integer", "minimum": 0}, "path")
KEY = parameter("key", "The key of a job.", TEXT, required=True)
FROM_TO = [parameter(name, f"The {which} run.", {"type": "integer", "minimum": 0}) for name, which in (("from", "first"), ("to", "last"))]

RUN = {
    "run": WHOLE, "data_run": maybe(WHOLE), "runkey": TEXT, "cmssw": TEXT, "first": NUMBER, "last": NUMBER, "lumi": maybe(WHOLE),
    "jobs": WHOLE, "running": WHOLE, "finished": WHOLE, "crashed": WHOLE,
}  # fmt: skip
JOB = of(
    client=TEXT, state={"type": "string", "enum": ["crashed", "stuck", "running", "finished"]}, key=TEXT, tag=TEXT, host=TEXT,
    pid=maybe(WHOLE), exit_code=maybe(WHOLE), fi_state=maybe(WHOLE), lumi=maybe(WHOLE), events=maybe(WHOLE), rate=maybe(NUMBER),
    rss_kb=maybe(WHOLE), data_run=maybe(WHOLE), cmssw=TEXT, runkey=TEXT, path=TEXT, started=NUMBER, reported=NUMBER,
    acknowledged=maybe(of(user=TEXT, at=NUMBER, note=TEXT)),
)  # fmt: skip
FILES = of(**{name: listed(maybe(NUMBER)) for name in charts.File._fields})
HOST = of(
    name=TEXT, role=TEXT, age_s=maybe(NUMBER), answered_s=maybe(NUMBER), tried_s=maybe(NUMBER), failing=TRUTH, error=TEXT, behind=WHOLE, silent=TRUTH
)  # fmt: skip
PLAYER = of(
    system=TEXT, host=TEXT, run=maybe(WHOLE), state=TEXT, at=NUMBER, lumi=maybe(WHOLE), lumis=maybe(WHOLE), source=TEXT, runkey=TEXT,
    lumi_s=maybe(NUMBER), skipped=listed(WHOLE), streams=listed(of(name=TEXT, files=WHOLE)),
)  # fmt: skip
MACHINE = of(name=TEXT, said=TRUTH, message=TEXT, at=NUMBER, since=NUMBER, up=maybe(TRUTH))

EVENT = of(id=TEXT, system=TEXT, kind={"type": "string", "enum": list(KINDS)}, run=maybe(WHOLE), key=TEXT, at=NUMBER, title=TEXT, text=TEXT)

MIRROR = ["get_info", "get_run", "get_graph", "get_runs", "get_clients", "get_logs", "get_cluster_status"]

PATHS: Schema = {
    "/api/v1/square/runs": get(
        "Runs of DQM^2.", [SYSTEM, *FROM_TO, parameter("limit", "At most so many, 100 if not given.", {"type": "integer", "minimum": 0, "maximum": 1000})],
        "The newest first.", of(system=TEXT, runs=listed(of(**RUN))),
    ),
    "/api/v1/square/runs/{run}": get(
        "One run with its jobs; 0 is the newest.", [RUN_NUMBER, SYSTEM], "Jobs that need a look first.",
        of(system=TEXT, version=WHOLE, **RUN, before=maybe(WHOLE), after=maybe(WHOLE), newest=maybe(WHOLE), list=listed(JOB)),
    ),
    "/api/v1/square/runs/{run}/files": get(
        "The files of a run by stream.",
        [RUN_NUMBER, SYSTEM, parameter("since", "Version of an earlier answer: only lumisections that may have changed.", {"type": "integer", "minimum": 0})],
        "Arrays of one length for each stream, one entry for each file.",
        of(run=WHOLE, version=WHOLE, streams={"type": "object", "additionalProperties": FILES}),
    ),
    "/api/v1/square/job": get("The document of a job.", [KEY, SYSTEM], "As P5 has it, without its log.", {"type": "object"}),
    "/api/v1/square/log": get(
        "The stored lines of a log.", [KEY, SYSTEM], "gap: how many lines are before those that are not stored, or null.",
        of(key=TEXT, lines=listed(TEXT), gap=maybe(WHOLE)),
    ),
    "/api/v1/square/hosts": get(
        "Hosts that are asked, and machines as P5 sees them.", [SYSTEM], "With ages, s.", of(system=TEXT, hosts=listed(HOST), machines=listed(MACHINE)),
    ),
    "/api/v1/square/events": get(
        "What happened to runs, jobs and hosts.",
        [
            SYSTEM, parameter("since", "Unix s UTC; a day before `until` if not given.", {"type": "integer", "minimum": 0}),
            parameter("until", "Unix s UTC; now if not given.", {"type": "integer", "minimum": 0}),
            parameter("kinds", "Some of " + ", ".join(KINDS) + ", separated by commas; all if not given.", TEXT),
            parameter("limit", "At most so many.", {"type": "integer", "minimum": 0, "maximum": 1000, "default": 1000}),
        ],
        "The newest first. id: the same each time; key: of the job, or the name of the host; at: Unix s UTC.", of(system=TEXT, events=listed(EVENT)),
    ),
    "/api/v1/square/player": get(
        "The player of old runs.", [SYSTEM, parameter("run", "The newest that it played, if not given.", {"type": "integer", "minimum": 0})],
        "As it said at `at`; what it does not say is null or empty.", PLAYER,
    ),
    "/api": get(
        "The API of the older mirror of DQM^2.",
        [
            parameter("what", "What is asked for.", {"type": "string", "enum": MIRROR}, required=True),
            parameter("db", "As system.", {"type": "string", "enum": list(SYSTEMS)}),
            parameter("cluster", "As system, for get_cluster_status.", {"type": "string", "enum": list(SYSTEMS)}),
            parameter("run", "For get_run and get_graph.", WHOLE), *FROM_TO,
            parameter("bad_only", "1: only jobs that did not end with exit code 0.", WHOLE),
            parameter("ls", "1: only jobs that have seen a lumisection.", WHOLE), parameter("id", "The key of a job, for get_logs.", TEXT),
        ],
        "In the shape of the mirror; the log is HTML.", {"oneOf": [{"type": "array", "items": {}}, {"type": "object"}]},
    ),
}  # fmt: skip
