"""Configurations, selections and points of trends in the OpenAPI document."""

from __future__ import annotations

from app.trends.query.conditions import SIGNIFICANCES
from app.trends.query.run_columns import NUMBERS
from app.web.openapi import (
    BOOLEAN,
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

SWITCH = choice(("0", "1"))
SELECTION = [
    parameter("subsystem", "Subsystem, such as PixelPhase1.", TEXT),
    parameter("pd", "Primary dataset, such as StreamExpress.", TEXT),
    parameter("ps", "Processing, such as PromptReco; all its eras and versions are one series.", TEXT),
]
CONFIG = {
    **dict.fromkeys(("subsystem", "name", "title", "y_title", "metric", "me", "histo1", "histo2", "reference", "version"), TEXT),
    "retired": BOOLEAN,
    "threshold": INTEGER,
    "created": {"type": "number", "description": "Of this version, Unix s UTC."},
}
RUNS = object_schema(
    {
        "run": array(INTEGER),
        **{name: array(nullable(NUMBER)) for name in NUMBERS},
        "fill": array(nullable(INTEGER)),
        "significant": {"type": "array", "items": nullable(BOOLEAN), "description": "By the limits of this hub; null: not known yet."},
        "run_class": array(nullable(TEXT)),
    }
)
INDEXED: Schema = {**mapping_of(TEXT), "description": "By the index of the run, as text."}
CONFIG_OF_SERIES = {name: CONFIG[name] for name in ("metric", "me", "histo1", "histo2", "reference", "threshold", "version", "retired")}
SERIES: Schema = {
    "type": "object",
    "properties": {
        "key": {"type": "string", "description": "subsystem/name/primary dataset/processing, or oms/quantity."},
        **dict.fromkeys(("subsystem", "pd", "ps"), nullable(TEXT)),
        **dict.fromkeys(("name", "title", "y_title"), TEXT),
        **CONFIG_OF_SERIES,
        "current": {"type": "boolean", "description": "Whether this version is computed for new files."},
        "values": array(nullable(NUMBER)),
        "errors": array(nullable(NUMBER)),
        "marks": INDEXED | {"description": "What is said about a point, such as few entries, by the index of the run."},
        "reasons": INDEXED | {"description": "Why a run has no point, by its index; a run without either has no result."},
    },
}
POINTS = object_schema({"runs": RUNS, "series": array(SERIES), "hidden": INTEGER, "note": TEXT})

TREND_PATHS: Schema = {
    "/api/v1/trends": get_operation(
        "Configured trends, of all subsystems, of one, or of a selection.",
        [*SELECTION, parameter("retired", "1: also those without a configuration.", SWITCH)],
        "The current version of each; of a retired one the last.",
        object_schema({"trends": array(object_schema(CONFIG))}),
    ),
    "/api/v1/trends/selections": get_operation(
        "Subsystems, primary datasets and processings with results.",
        [],
        "Subsystem to primary dataset to processings.",
        object_schema({"selections": mapping_of(mapping_of(array(TEXT)))}),
    ),
    "/api/v1/trends/points": get_operation(
        "Points as columns: facts of the runs once, then the values of each series.",
        [
            parameter("series", "subsystem/name/primary dataset/processing or oms/quantity, any number of times.", array(TEXT)),
            *SELECTION,
            parameter("runs", "latest:50 (default), 355000-356000, 355001,355004 or golden:hash.", TEXT),
            parameter(
                "significant",
                "yes hides runs that are known as not significant; known also hides runs whose significance is unknown.",
                choice(SIGNIFICANCES),
            ),
            parameter("class", "Part of the class in the Run Registry, in any case.", TEXT),
            parameter("older", "1: also the other versions of the trends, each as a series.", SWITCH),
        ],
        "Columns of equal length; null where nothing is known, and where there is no point.",
        POINTS,
    ),
}
