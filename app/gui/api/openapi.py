"""The part of the OpenAPI document on the DQM GUI, by address and method."""

from __future__ import annotations

from collections.abc import Iterable

from app import formats
from app.gui.plots.documents import MEDIA_TYPES
from app.gui.view import WINDOWS
from app.web.openapi import NUMBER, TEXT, Schema, array, choice, get_operation, json_response, nullable, object_schema, parameter
from render.draw_options import KNOWN
from render.options import FORMATS, IMAGE_FORMATS, REFERENCES

ID: Schema = {"type": "integer", "minimum": 0, "maximum": 2147483647}
TRUTH = choice(["true", "false"])
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
AXIS = choice(["lin", "log"])


def _object(**properties: Schema) -> Schema:
    return object_schema(properties)


def _binary_response(formats: Iterable[str], description: str) -> Schema:
    """A response with a file in one of several formats."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"description": description, "content": {MEDIA_TYPES[format]: binary for format in formats}}


NOT_OLDER_THAN = parameter(
    "notOlderThan",
    "Time in whole seconds since 1970, UTC: lists that were stored before it are not used. A time in the future means now.",
    {"type": "integer", "minimum": 0},
)
SAMPLE = [
    parameter("sample", "Run, or run:lumisection.", {"type": "string", "pattern": "^[0-9]+(:[0-9]+)?$"}, "path"),
    parameter("primary", "First part of the dataset.", TEXT, "path"),
    parameter("processed", "Second part of the dataset.", TEXT, "path"),
    parameter("tier", "Third part of the dataset.", TEXT, "path"),
]
ME_PATH = parameter("me", "Path of the ME; can contain slashes.", TEXT, "path")
DRAWING = [
    parameter("w", "Width of the image, pixels; default 266.", {"type": "integer", "minimum": 20, "maximum": 4096}),
    parameter("h", "Height of the image, pixels; default 200.", {"type": "integer", "minimum": 20, "maximum": 4096}),
    parameter("stats", "Statistics box; default true.", TRUTH),
    parameter("norm", "Normalise references; default true.", TRUTH),
    parameter("errors", "Error bars, which ratios always have; default false.", TRUTH),
    parameter("drawopts", f"ROOT draw options: {', '.join(KNOWN)}; some with a number.", TEXT),
    *(parameter(f"{axis}type", f"Scale of the {axis} axis.", AXIS) for axis in "xyz"),
    *(parameter(f"{axis}{end}", f"{end}imum of the {axis} axis.", NUMBER) for axis in "xyz" for end in ("min", "max")),
    parameter("ref", "How references are drawn; default overlay.", choice(REFERENCES)),
    parameter("ktest", "Above 0: print the Kolmogorov probability of each reference, and mark those below this value.", PROBABILITY),
    parameter("reflabel", "Label of a reference; can be repeated.", TEXT),
    parameter("format", "Format of the plot; default png.", choice(FORMATS)),
    NOT_OLDER_THAN,
]
OBJECTS = parameter("obj", "archive/run[:lumi]/primary/processed/tier/path; repeated for each of at most 10 MEs.", TEXT, required=True)
WINDOW = parameter(
    "window",
    "Only what was filled in the last so many lumisections of an ongoing run, from a kept snapshot on; 0, the default: the whole run. "
    "Repeated, it is that of each `obj` in their order.",
    {"type": "integer", "minimum": 0, "maximum": WINDOWS[-1]},
)
SEARCH = parameter(
    "search",
    "Only MEs whose name matches this regular expression somewhere (case-insensitive), and plots of layouts if the name of their ME "
    "or layout does. With an invalid one the whole folder.",
    TEXT,
)
FOLDER = _object(subdir=TEXT, me_count=ID)
ME = _object(name=TEXT, path=TEXT, layout=nullable(TEXT), qtstatuses=array(ID))
LAYOUT_PLOT = _object(
    name=TEXT,
    path={"type": "string", "description": "Of the ME, which the sample need not have."},
    layout={"type": "string", "description": "Name of the layout. Its plots follow each other, row by row."},
    draw={"type": "object", "additionalProperties": TEXT, "description": "Drawing options, by their names in the render API."},
    overlays={"type": "array", "items": TEXT, "description": "Paths of MEs of the same sample that are drawn over it."},
    description={"type": "string", "description": "HTML as its author wrote it: sanitise it before showing it."},
    qtstatuses=array(ID),
)
FILE_FORMATS = formats.FORMATS.by_number()
NUMBER_OR_DIGITS: Schema = {"oneOf": [ID, {"type": "string", "pattern": "^[0-9]+$"}]}
ENTRY = _object(
    dataset={"type": "string", "example": "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"},
    run=NUMBER_OR_DIGITS,
    lumi=NUMBER_OR_DIGITS,
    file={"type": "string", "description": "Absolute path below one of the folders that may be read, or root://host//path."},
    fileformat={
        "type": "integer",
        "enum": list(FILE_FORMATS),
        "description": "; ".join(f"{number}: {name}" for number, name in FILE_FORMATS.items()),
    },
)
FILE = _object(
    id=ID,
    url={"type": "string", "description": "Absolute path, or root://host//path; for viewers the name of the file alone."},
    name=TEXT,
    format=TEXT,
    size={"type": "integer", "nullable": True, "description": "Bytes; null before the first import."},
    state=choice(["new", "ready", "failed"]),
    error=TEXT,
    registered={"type": "number", "description": "Seconds since 1970, UTC."},
    samples=ID,
    first=array(_object(run=ID, lumi=ID, dataset=TEXT)),
    content={"type": "string", "description": "Address of the whole file."},
)


def _archive(*parameters: Schema) -> Schema:
    schema = _object(
        data=array({"anyOf": [FOLDER, ME, LAYOUT_PLOT]}), warning={"type": "string", "description": "What is wrong with `search`."}
    )
    schema["required"] = ["data"]
    parts = [*SAMPLE, *parameters, SEARCH, NOT_OLDER_THAN]
    return get_operation(
        "Content of a folder of a sample.", parts, "Folders, then MEs, then plots of layouts; in byte order of their names.", schema
    )


def _plot(summary: str, parameters: list[Schema], missing: str) -> Schema:
    responses = {
        "200": _binary_response(FORMATS, "The plot, or the objects in it, by `format`."),
        "404": _binary_response(
            IMAGE_FORMATS, f"{missing} The image shows that; for a ROOT file and JSON an error. An error, too: no snapshot for the window."
        ),
    }
    return {"get": {"summary": summary, "parameters": [*parameters, WINDOW, *DRAWING], "responses": responses}}


PATHS: dict[str, Schema] = {
    "/api/v1/samples": get_operation(
        "Samples by run and dataset, newest run first.",
        [
            parameter("run", "Part of the run number; six digits are a whole run number.", TEXT),
            parameter("dataset", "Part of the dataset name (case-insensitive).", TEXT),
            parameter("lumi", "Lumisection; 0, the default: whole runs; -1: every lumisection.", {"type": "integer", "minimum": -1}),
            NOT_OLDER_THAN,
        ],
        "The samples.",
        _object(data=array(_object(run=ID, lumi=ID, dataset=TEXT))),
    ),
    "/api/v1/archive/{sample}/{primary}/{processed}/{tier}/": _archive(),
    "/api/v1/archive/{sample}/{primary}/{processed}/{tier}/{folder}": _archive(
        parameter("folder", "Path of a folder; can contain slashes.", TEXT, "path")
    ),
    "/api/v1/render/{sample}/{primary}/{processed}/{tier}/{me}": _plot(
        "Plot of a monitor element.", [*SAMPLE, ME_PATH], "There is no such sample or no such ME."
    ),
    "/api/v1/json/{sample}/{primary}/{processed}/{tier}/{me}": get_operation(
        "A monitor element as JSON.",
        [*SAMPLE, ME_PATH, WINDOW, NOT_OLDER_THAN],
        "JSON of ROOT's TBufferJSON (null for numbers that are not finite), and whether the ME is an efficiency.",
        {"type": "object", "required": ["_typename", "dqmProperties"]},
    ),
    "/api/v1/render_overlay": _plot(
        "Several monitor elements in one plot; the header DQM-Not-Drawn of a picture says which are not in it, and why.",
        [OBJECTS],
        "None of the MEs exists.",
    ),
    "/api/v1/json_overlay": get_operation(
        "Several monitor elements as JSON; missing ones are left out.",
        [OBJECTS, WINDOW, NOT_OLDER_THAN],
        "JSON of ROOT's TBufferJSON.",
        _object(objects=array({"type": "object"}), dqmProperties={"type": "object"}),
    ),
    "/api/v1/lumis/{run}/{primary}/{processed}/{tier}": get_operation(
        "Lumisections of a run of a dataset; 0 is the whole run.",
        [parameter("run", "Run.", ID, "path"), *SAMPLE[1:], NOT_OLDER_THAN],
        "In order.",
        array(ID),
    ),
    "/api/v1/datasets": get_operation(
        "At most 100 datasets, in alphabetical order.",
        [parameter("search", "Part of the name (case-insensitive).", TEXT), NOT_OLDER_THAN],
        "The names.",
        _object(datasets=array(TEXT)),
    ),
    "/api/v1/latest_runs": get_operation(
        "The 100 latest runs.",
        [parameter("search", "Part of the run number.", TEXT), NOT_OLDER_THAN],
        "Latest first.",
        _object(runs=array(ID)),
    ),
    "/api/v1/layouts": get_operation(
        "Plots of the layouts of a name.",
        [
            parameter(
                "name", "Name of layouts: the last part of their paths; more parts, up to the whole path, select among several.", TEXT
            ),
            NOT_OLDER_THAN,
        ],
        "Path of the ME, and place in the folder of the layout; layouts of all scopes, each once.",
        _object(data=array(_object(source=TEXT, destination=TEXT))),
    ),
    "/api/v1/host": get_operation("Host that answers.", [NOT_OLDER_THAN], "Its name.", _object(host=TEXT)),
    "/api/v1/files": get_operation(
        "Registered files, newest first, at most 100 at a time.",
        [
            parameter("run", "Part of the run number of a sample in the file; six digits are a whole run number.", TEXT),
            parameter("dataset", "Part of the dataset name of a sample in the file (case-insensitive).", TEXT),
            parameter("from", "Number of the first file: `next` of the previous response.", ID),
        ],
        "The files.",
        _object(data=array(FILE), next=nullable(ID)),
    ),
    "/api/v1/files/{number}/content": {
        "get": {
            "summary": "A whole file, or a range of it.",
            "description": "For shifters.",
            "parameters": [parameter("number", "Number of the file, `id` in the list.", ID, "path")],
            "responses": {
                "200": {
                    "description": "The file.",
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                }
            },
        }
    },
    "/api/v1/register": {
        "post": {
            "summary": "Register files. All of them are stored, or none.",
            "description": "With the local_key of this machine, from a network of register_networks, or with the token of an operator.",
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": array(ENTRY)}}},
            "responses": {
                "201": json_response("All entries are stored.", _object(message=TEXT, new=ID, replaced=ID, known=ID)),
                "202": json_response("All entries are accepted; a background job stores them.", _object(message=TEXT, job=ID)),
            },
        }
    },
}
