"""The facts of runs in the OpenAPI document."""

from __future__ import annotations

from app.runs.models import SOURCES
from app.runs.store import OMS_COLUMNS
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
    mapping_of,
    nullable,
    object_schema,
    parameter,
)

TIME = nullable({"type": "number", "description": "Unix s UTC."})
TYPES: dict[str, Schema] = {
    **dict.fromkeys(("start", "end"), TIME),
    **dict.fromkeys(("fill", "last_lumi"), nullable(INTEGER)),
    **dict.fromkeys(("fill_type", "injection_scheme", "era", "l1_key", "hlt_key"), nullable(TEXT)),
    "stable_beam": nullable(BOOLEAN),
}
OMS = object_schema(
    {name: TYPES.get(name, nullable(NUMBER)) for name in OMS_COLUMNS}
    | {
        "dcs_lumis": nullable({"type": "integer", "description": "Lumisections whose DCS bits pass the filter."}),
        "units": mapping_of(TEXT),
    }
)
DATASET = object_schema(
    {
        "name": {"type": "string", "description": "online, or a name such as /PromptReco/Collisions23/DQM."},
        "states": {"type": "object", "description": "OPEN, SIGNOFF or COMPLETED, by workspace.", "additionalProperties": TEXT},
        "components": {
            "type": "object",
            "description": "Lumisections in each state, by component.",
            "additionalProperties": mapping_of(INTEGER),
        },
    }
)
RANGE = object_schema({"first": INTEGER, "last": INTEGER, "status": TEXT, "cause": TEXT, "comment": TEXT})
LUMISECTIONS = object_schema(
    {
        "run": INTEGER,
        "datasets": array(
            object_schema(
                {
                    "name": TEXT,
                    "components": nullable({"type": "object", "additionalProperties": array(RANGE)}),
                    "error": {"type": "string", "description": "Why the ranges could not be fetched."},
                }
            )
        ),
    }
)
RUN_REGISTRY = object_schema(
    {
        "class": nullable(TEXT),
        "significant": nullable(BOOLEAN),
        "state": nullable(TEXT),
        "components": {
            "type": "object",
            "description": "Lumisections of the online dataset in each state, by component.",
            "additionalProperties": mapping_of(INTEGER),
        },
        "datasets": array(DATASET),
    }
)
SOURCE = object_schema({"state": choice(["not fetched", "known", "unknown"]), "fetched": TIME, "due": TIME, "error": TEXT})
FACTS = object_schema(
    {
        "run": INTEGER,
        "oms": OMS,
        "run_registry": RUN_REGISTRY,
        "significant": nullable({"type": "boolean", "description": "By the limits of this hub; null while it is not known."}),
        "significance": {"type": "string", "description": "The reason."},
        "sources": object_schema(dict.fromkeys(SOURCES, SOURCE)),
    }
)

PATHS: Schema = {
    "/api/v1/runs/{run}/facts": get_operation(
        "What OMS and the Run Registry have of a run that this hub has, with its age.",
        [parameter("run", "Run number.", COUNT, "path")],
        "The facts; null where the source has no value.",
        FACTS,
    ),
    "/api/v1/runs/{run}/lumisections": get_operation(
        "The states of lumisections in the datasets that the Run Registry has of a run.",
        [parameter("run", "Run number.", COUNT, "path")],
        "Ranges of lumisections by dataset and component; null where they were not fetched.",
        LUMISECTIONS,
    ),
}
