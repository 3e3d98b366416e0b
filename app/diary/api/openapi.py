"""The job diary in the OpenAPI document."""

from __future__ import annotations

from app.diary.api.v1 import DEFAULT_JOBS, MAX_JOBS
from app.diary.jobs import MAX_EVENTS
from app.diary.search.selection import FACETS, ORDERS
from app.diary.states import REVIEWS, STATES, VERDICTS
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

TIME: Schema = {"type": "number", "description": "Unix s UTC."}
STATE, REVIEW, VERDICT = choice(STATES), choice(REVIEWS), choice(VERDICTS)
TAGS = array(TEXT)
JOB = parameter("number", "Number of the job in the diary.", COUNT, "path")
BULK = parameter("number", "Number of the bulk review.", COUNT, "path")

SHORT_REVIEW: Schema = {
    "review": REVIEW,
    "verdict": VERDICT,
    "summary": TEXT,
    "tags": TAGS,
    "version": INTEGER,
    "by": TEXT,
    "at": nullable(TIME),
}
WHOLE_REVIEW = object_schema(SHORT_REVIEW | {"notes": {"type": "string", "description": "Markdown."}})
CHANGE: Schema = {
    "review": REVIEW,
    "verdict": VERDICT,
    "summary": TEXT,
    "notes": TEXT,
    "tags": TAGS | {"description": "All tags from now on."},
    "add_tags": TAGS,
    "remove_tags": TAGS,
}
BULK_CHANGE: Schema = {name: schema for name, schema in CHANGE.items() if name != "notes"}
SHORT_JOB: Schema = {
    "id": INTEGER,
    "source": TEXT,
    "native_id": TEXT,
    "submitted": {"type": "integer", "description": "Unix s UTC; 0: unknown."},
    **dict.fromkeys(("kind", "name", "user", "project", "reason", "workdir", "pinned_by"), TEXT),
    "state": STATE | {"description": "The state set by hand, if there is one."},
    "machine_state": STATE | {"description": "State that the source reported."},
    **{name: nullable(INTEGER) for name in ("exit_code", "signal")},
    "attempts": INTEGER,
    **{name: nullable(TIME) for name in ("pinned", "started", "ended")},
    **dict.fromkeys(("seen", "found", "changed"), TIME),
    "labels": mapping_of(TEXT),
    "metrics": mapping_of(NUMBER),
}
RELATIVE = object_schema({"source": TEXT, "native_id": TEXT, "id": nullable(INTEGER), "state": nullable(STATE)})
HISTORY = array(object_schema({"id": INTEGER, "at": TIME, "actor": TEXT, "field": TEXT, "old": TEXT, "new": TEXT}))
WHOLE_JOB = object_schema(
    {
        **SHORT_JOB,
        "review": WHOLE_REVIEW,
        "logs": array(object_schema({"path": TEXT, "kind": TEXT})),
        "outputs": array(TEXT),
        "facts": {"type": "object", "description": "All that the source reported, in its own words."},
        "parents": array(RELATIVE),
        "children": array(RELATIVE),
        "history": HISTORY,
    }
)
EXPECTED_JOBS: Schema = {
    "count": {"type": "integer", "description": "How many jobs are expected."},
    "digest": {"type": "string", "description": "Of these jobs, from the list with `digest=1`."},
}
BULK_REVIEW = object_schema(
    {
        "id": INTEGER,
        "by": TEXT,
        "at": TIME,
        "undone_by": TEXT,
        "change": {"type": "object", "properties": CHANGE},
        "selection": {"type": "string", "description": "Query of the address of the list."},
        **dict.fromkeys(("count", "changed", "skipped", "restored", "kept"), INTEGER),
        **{name: nullable(TIME) for name in ("finished", "undone", "undo_finished")},
        "stopped": BOOLEAN | {"description": "Whether its background job has failed or was cancelled before the last job."},
    }
)
SOURCE = object_schema(
    {
        **dict.fromkeys(("name", "title", "text", "error"), TEXT),
        "state": choice(["ok", "warn", "down", "idle"]),
        **{name: nullable(NUMBER) for name in ("age_s", "duration_s")},
        "last_ok": nullable(TIME),
        **dict.fromkeys(("period_s", "skew_s"), NUMBER),
        **dict.fromkeys(("failures", "found", "changed", "quarantined"), INTEGER),
    }
)

_VALUES = {"state": STATE, "review": REVIEW, "verdict": VERDICT}
SELECTION = [
    parameter(
        "q",
        "Search as in the box of the page, such as `state:failed run:358788 since:2d`. `field:value` is a whole value, `field:value*` its beginning.",
        TEXT,
    ),
    *(parameter(field, "Whole value; several: either of them.", array(_VALUES.get(field, TEXT))) for field in FACETS),
    parameter("obsolete", "1: also jobs with the verdict obsolete.", choice(["0", "1"])),
    parameter("mine", "1: only jobs of the users of the batch systems who are the sender.", choice(["0", "1"])),
    parameter("tz", "Time zone of days and times of the search; default cern, which is Europe/Zurich.", choice(["cern", "utc"])),
]
PAGED = [
    parameter("order", "Order of the jobs.", choice(ORDERS)),
    parameter("limit", f"Jobs of a page, at most {MAX_JOBS}; default {DEFAULT_JOBS}.", COUNT),
    parameter("page", "Page, from 1.", COUNT),
    parameter("digest", "1: also the digest of the selected jobs, by which they are reviewed.", choice(["0", "1"])),
    parameter("facets", "1: also how many of the jobs have each value of a field.", choice(["0", "1"])),
]
JOBS = object_schema(
    {
        "count": INTEGER,
        "page": INTEGER,
        "limit": INTEGER,
        "jobs": array(object_schema(SHORT_JOB | {"review": object_schema(SHORT_REVIEW)})),
        "digest": TEXT,
        "facets": mapping_of(mapping_of(INTEGER)),
    },
    ("count", "page", "limit", "jobs"),
)


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _operation(summary: str, parameters: list[Schema], responses: Schema, body: Schema | None = None) -> Schema:
    found = {"summary": summary, "parameters": parameters, "responses": responses}
    return found if body is None else found | {"requestBody": _body(body)}


_BULK_RESPONSES = {"200": json_response("It is done.", BULK_REVIEW), "202": json_response("A background job goes on.", BULK_REVIEW)}
_CONFLICT: Schema = {"description": "Somebody else changed the review first: nothing was stored; the current review is in `review`."}

PATHS: Schema = {
    "/api/v1/jobs": get_operation("Jobs of the diary.", [*SELECTION, *PAGED], "A page of the selected jobs.", JOBS),
    "/api/v1/jobs/{number}": get_operation(
        "One job.", [JOB], f"All that the diary has of it, and the last {MAX_EVENTS} changes of its history.", WHOLE_JOB
    ),
    "/api/v1/jobs/{number}/history": get_operation(
        "The history of a job.",
        [
            JOB,
            parameter("before", "Number (`id`) of a change: only earlier ones.", COUNT),
            parameter("limit", f"Changes of an answer, at most {MAX_EVENTS}, as by default.", COUNT),
        ],
        "Its changes, the newest first.",
        object_schema({"history": HISTORY}),
    ),
    "/api/v1/jobs/{number}/review": {
        "post": _operation(
            "Change fields of the review of a job.",
            [JOB],
            {"200": json_response("The review.", WHOLE_REVIEW), "409": _CONFLICT},
            object_schema(CHANGE | {"version": {"type": "integer", "description": "Of the review that was read."}}, ("version",)),
        )
    },
    "/api/v1/jobs/{number}/state": {
        "put": _operation(
            "Set the state of a job by hand.", [JOB], {"200": json_response("The job.", WHOLE_JOB)}, object_schema({"state": STATE})
        ),
        "delete": _operation("Let a job have the state of its source again.", [JOB], {"200": json_response("The job.", WHOLE_JOB)}),
    },
    "/api/v1/jobs/reviews": {
        **get_operation("The newest bulk reviews.", [], "Newest first.", object_schema({"reviews": array(BULK_REVIEW)})),
        "post": _operation(
            "Review all selected jobs.",
            SELECTION,
            _BULK_RESPONSES | {"409": {"description": "There are other jobs than those of `count` and `digest`."}},
            object_schema(BULK_CHANGE | EXPECTED_JOBS, ("count", "digest")),
        ),
    },
    "/api/v1/jobs/reviews/{number}": {
        **get_operation("One bulk review.", [BULK], "How far it is.", BULK_REVIEW),
        "delete": _operation("Undo a bulk review.", [BULK], _BULK_RESPONSES | {"409": {"description": "It cannot be undone."}}),
    },
    "/api/v1/jobs/sources": get_operation(
        "The sources of jobs.",
        [],
        "The state of each, and configurations that cannot be used.",
        object_schema({"sources": array(SOURCE), "problems": array(object_schema({"name": TEXT, "reason": TEXT}))}),
    ),
}
