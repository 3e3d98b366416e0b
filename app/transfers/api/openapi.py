"""The transfer in the OpenAPI document."""

from __future__ import annotations

from app.transfers import kinds
from app.transfers.api.v1 import DEFAULT_RUNS, MAX_RUNS
from app.transfers.reports.checks import MAX_RECORDS
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

TIME: Schema = {"type": "number", "description": "Unix s UTC by the clock of the hub; 0: never."}
STATE = choice(["", *kinds.RUN_STATES])
MODE = choice(kinds.MODES)
LEFT_OUT = array(object_schema({"name": TEXT, "reason": TEXT}))

SUMMARY = object_schema(
    {
        "run": INTEGER,
        "state": STATE,
        **dict.fromkeys(("began", "changed"), TIME),
        **dict.fromkeys(("hosts", "clients", "snapshots", "snapshot_bytes", "root_files", "root_bytes"), INTEGER),
        **dict.fromkeys(("concatenations", "merges", "errors", "missing", "corrupt"), INTEGER),
    }
)
PROCESS = object_schema({"pid": INTEGER, "program": TEXT, "is_restarted": BOOLEAN, "first": TIME, "snapshot": TIME})
CLIENT = object_schema(
    {
        **dict.fromkeys(("host", "client", "snapshot_name", "root_name", "waits_because", "error", "note", "missing"), TEXT),
        **dict.fromkeys(("snapshots", "snapshot_bytes", "snapshot_size", "root_size", "attempts"), INTEGER),
        **dict.fromkeys(("snapshot_written", "snapshot_sent", "root_written", "root_sent", "waits_since", "error_at"), TIME),
        **dict.fromkeys(("delay_s", "worst_delay_s", "root_delay_s"), nullable(NUMBER)),
        "processes": array(PROCESS),
    }
)
PROBLEM = object_schema(
    {
        "kind": choice(kinds.PROBLEM_KINDS),
        **dict.fromkeys(("host", "origin", "subject", "text"), TEXT),
        "run": INTEGER,
        "began": TIME,
        "ended": nullable(TIME),
    }
)
CONCATENATION = object_schema(
    {
        **dict.fromkeys(("number", "size", "entries", "shared"), INTEGER),
        **dict.fromkeys(("host", "name", "digest"), TEXT),
        **dict.fromkeys(("began", "made"), TIME),
        "examples": {"type": "array", "items": {}, "description": "Names of MEs of several clients."},
        "inputs": array(
            object_schema({"host": TEXT, "client": TEXT, "size": INTEGER, "arrived": TIME, "entries": INTEGER, "replaced": INTEGER})
        ),
        "left_out": LEFT_OUT,
    }
)
MERGE = object_schema(
    {
        **dict.fromkeys(("host", "name", "error"), TEXT),
        **dict.fromkeys(("version", "size", "histograms", "resolved", "saturated"), INTEGER),
        **dict.fromkeys(("began", "made"), TIME),
        "is_accepted": BOOLEAN,
        "inputs": array(object_schema({"host": TEXT, "client": TEXT, "name": TEXT, "size": INTEGER})),
        "left_out": LEFT_OUT,
        "missing": array(object_schema({"host": TEXT, "client": TEXT, "name": TEXT})),
        "saturated_names": {"type": "array", "items": {}, "description": "Histograms with bins whose sum is more than their type holds."},
    }
)
DELIVERY = object_schema(
    {
        **dict.fromkeys(("gui_machine", "host", "name", "error"), TEXT),
        "what": choice(kinds.DELIVERED_KINDS),
        **dict.fromkeys(("size", "attempts"), INTEGER),
        **dict.fromkeys(("made", "copied", "registered"), TIME),
        "delay_s": nullable(NUMBER),
    }
)
RUN = object_schema(
    {
        "run": INTEGER,
        "state": STATE,
        **dict.fromkeys(("began", "changed"), TIME),
        "hosts": array(
            object_schema({"host": TEXT, "mode": MODE, "state": STATE, "since": TIME, "waiting_for": array(TEXT), "is_silent": BOOLEAN})
        ),
        "clients": array(CLIENT),
        "problems": array(PROBLEM),
        "concatenations": array(
            CONCATENATION | {"required": [name for name in CONCATENATION["required"] if name not in ("inputs", "examples")]}
        ),
        "merges": array(MERGE),
        "deliveries": array(DELIVERY),
    }
)
HOST = object_schema(
    {
        **dict.fromkeys(("host", "release", "problem"), TEXT),
        "mode": MODE,
        "seen": TIME,
        "is_silent": BOOLEAN,
        "skew_s": {"type": "number", "description": "How far its clock is ahead of that of the hub; 0 below 1 s."},
        **dict.fromkeys(("dropped", "refused"), INTEGER),
        "state": {"type": "object", "description": "As the process reported it; times by its clock."},
        "disks": mapping_of(NUMBER),
    }
)
GUI_MACHINE = object_schema(
    {
        **dict.fromkeys(("name", "builder", "error"), TEXT),
        **dict.fromkeys(("is_current", "is_reachable", "is_failing"), BOOLEAN),
        "since": TIME,
        "waiting": INTEGER,
    }
)
CLEANUP = object_schema(
    {
        "host": TEXT,
        "at": TIME,
        "removed": INTEGER,
        "bytes": INTEGER,
        "rules": mapping_of(INTEGER),
        "disk": NUMBER,
        "examples": {"type": "array", "items": {}},
    }
)
HOSTS = object_schema({"hosts": array(HOST), "gui_machines": array(GUI_MACHINE), "problems": array(PROBLEM), "cleanup": array(CLEANUP)})

RECORD: Schema = {
    "type": "object",
    "properties": {
        "number": {"type": "integer", "minimum": 1, "description": "It grows with each record of a host and mode."},
        "kind": choice(kinds.RECORD_KINDS),
        "at": {"type": "number", "description": "Unix s by the clock of the host, as all times of a report."},
        "run": INTEGER,
    },
    "required": ["number", "kind", "at"],
    "description": "Its other fields depend on its kind.",
}
REPORT = object_schema(
    {
        "host": TEXT,
        "mode": MODE,
        "version": {"description": "Of the form of reports, a number or a text."},
        "now": NUMBER,
        "dropped": {"type": "integer", "minimum": 0, "description": "Records that the sender lost."},
        "state": {"type": "object", "description": "What the sender does now; its fields depend on the mode."},
        "records": {"type": "array", "items": RECORD, "maxItems": MAX_RECORDS},
    }
)
REFUSED = array(object_schema({"number": INTEGER, "problem": TEXT}))
ACKNOWLEDGEMENT = object_schema({"acknowledged": INTEGER, "refused": REFUSED, "not_listed": INTEGER}, ("acknowledged", "refused"))

PATHS: Schema = {
    "/api/v1/transfers": get_operation(
        "Runs whose files are transferred, the newest first.",
        [
            parameter("limit", f"Runs of an answer, at most {MAX_RUNS}; default {DEFAULT_RUNS}.", COUNT),
            parameter("before", "Only runs with a smaller number: `next` of the previous answer.", COUNT),
        ],
        "The runs.",
        object_schema({"runs": array(SUMMARY), "next": nullable(INTEGER)}),
    ),
    "/api/v1/transfers/{run}": get_operation(
        "The transfer of a run: clients, concatenations, merges, deliveries and problems.",
        [parameter("run", "Run number.", COUNT, "path")],
        "The run.",
        RUN,
    ),
    "/api/v1/transfers/{run}/concatenations/{number}": get_operation(
        "A concatenation of a run, with its inputs: the document of the run has those of the newest one only.",
        [parameter("run", "Run number.", COUNT, "path"), parameter("number", "Its `number` in the document of the run.", COUNT, "path")],
        "The concatenation.",
        CONCATENATION,
    ),
    "/api/v1/transfers/hosts": get_operation(
        "Processes of the transfer, GUI machines, their problems, and rounds of clean-up.", [], "The hosts.", HOSTS
    ),
    "/api/v1/transfers/reports": {
        "post": {
            "summary": "Store a report of a process of the transfer. A record that is sent again is stored once.",
            "description": "With the local_key of this machine, from a network of register_networks, or with the token of an operator.",
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": REPORT}}},
            "responses": {"200": json_response("The last record that need not be sent again, and the refused ones.", ACKNOWLEDGEMENT)},
        }
    },
}
