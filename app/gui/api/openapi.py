"""What the OpenAPI document says of the DQM GUI's part of the API, by address and method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app import formats
from app.gui.plots.outputs import DRAWN, TYPES
from render.options import FORMATS, REFERENCES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 2147483647}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "string", "enum": ["true", "false"]}
PROBABILITY: Schema = {"type": "number", "minimum": 0, "maximum": 1}
AXIS: Schema = {"type": "string", "enum": ["lin", "log"]}


def parameter(name: str, help: str, schema: Schema, place: str = "query") -> Schema:
    return {"name": name, "in": place, "description": help, "required": place == "path", "schema": schema}


def listed(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def of(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def one_of(*schemas: Schema) -> Schema:
    return {"oneOf": list(schemas)}


def files(formats: Iterable[str], help: str) -> Schema:
    """An answer that is a file of one of these formats."""
    return {"description": help, "content": {TYPES[form]: {"schema": {"type": "string", "format": "binary"}} for form in formats}}


def answer(schema: Schema, help: str, kind: str = "application/json") -> Schema:
    return {"description": help, "content": {kind: {"schema": schema}}}


NOT_OLDER_THAN = parameter("notOlderThan", "Time in seconds since 1970, UTC: nothing that was kept before it is given.", WHOLE)
SAMPLE = [
    parameter("sample", "Run, or run:lumisection.", {"type": "string", "pattern": "^[0-9]+(:[0-9]+)?$"}, "path"),
    parameter("primary", "First part of the dataset.", TEXT, "path"),
    parameter("processed", "Second part of the dataset.", TEXT, "path"),
    parameter("tier", "Third part of the dataset.", TEXT, "path"),
]
DRAWING = [
    parameter("w", "Width of the image, pixels; default 266.", {"type": "integer", "minimum": 1, "maximum": 4096}),
    parameter("h", "Height of the image, pixels; default 200.", {"type": "integer", "minimum": 1, "maximum": 4096}),
    parameter("stats", "Box of statistics; default true.", TRUTH),
    parameter("norm", "Normalise references; default true.", TRUTH),
    parameter("errors", "Error bars; default false.", TRUTH),
    parameter("drawopts", "ROOT draw options.", TEXT),
    *(parameter(f"{axis}type", f"Scale of the {axis} axis.", AXIS) for axis in "xyz"),
    *(parameter(f"{axis}{end}", f"{end}imum of the {axis} axis.", NUMBER) for axis in "xyz" for end in ("min", "max")),
    parameter("ref", "How references are drawn; default overlay.", {"type": "string", "enum": list(REFERENCES)}),
    parameter("ktest", "Above 0: the Kolmogorov probability of each reference is written, and marked when below.", PROBABILITY),
    parameter("reflabel", "Label of a reference; may be repeated.", TEXT),
    parameter("format", "What the plot comes as; default png.", {"type": "string", "enum": list(FORMATS)}),
    NOT_OLDER_THAN,
]
OBJECTS = parameter("obj", "archive/run[:lumi]/primary/processed/tier/path; repeated for each of at most 10.", TEXT) | {"required": True}
FOLDER = of(subdir=TEXT, me_count=WHOLE)
ME = of(name=TEXT, path=TEXT, layout={"type": "string", "nullable": True}, qtstatuses=listed(WHOLE))
FILES = formats.FORMATS.by_number()
ENTRY = of(
    dataset={"type": "string", "example": "/ZeroBias/Run2023C-PromptReco-v1/DQMIO"},
    run=one_of(WHOLE, {"type": "string", "pattern": "^[0-9]+$"}),
    lumi=one_of(WHOLE, {"type": "string", "pattern": "^[0-9]+$"}),
    file={"type": "string", "description": "Absolute path below one of the folders that may be read, or root://host//path."},
    fileformat={"type": "integer", "enum": list(FILES), "description": "; ".join(f"{number}: {name}" for number, name in FILES.items())},
)
FILE = of(
    id=WHOLE,
    url={"type": "string", "description": "Absolute path, or root://host//path."},
    name=TEXT,
    format=TEXT,
    size={"type": "integer", "nullable": True, "description": "Bytes; null before it was read."},
    state={"type": "string", "enum": ["new", "ready", "failed"]},
    error=TEXT,
    registered={"type": "number", "description": "Seconds since 1970, UTC."},
    samples=WHOLE,
    first=listed(of(run=WHOLE, lumi=WHOLE, dataset=TEXT)),
    content={"type": "string", "description": "Address of the whole file."},
)
ARCHIVE = {
    "get": {
        "summary": "What a folder of a sample holds.",
        "parameters": [
            *SAMPLE,
            parameter("search", "Only MEs whose name matches this regular expression somewhere, without regard to case.", TEXT),
            NOT_OLDER_THAN,
        ],
        "responses": {"200": answer(of(data=listed(one_of(FOLDER, ME))), "Folders, then MEs, in byte order of their names.")},
    }
}

PATHS: dict[str, dict[str, Schema]] = {
    "/api/v1/samples": {
        "get": {
            "summary": "Samples by run and dataset, newest run first.",
            "parameters": [
                parameter("run", "Text that the run number contains; six digits are a whole run number.", TEXT),
                parameter("dataset", "Text that the dataset contains, without regard to case.", TEXT),
                parameter("lumi", "Lumisection; 0, the default: whole runs; -1: every lumisection.", {"type": "integer", "minimum": -1}),
                NOT_OLDER_THAN,
            ],
            "responses": {"200": answer(of(data=listed(of(run=WHOLE, lumi=WHOLE, dataset=TEXT))), "The samples.")},
        }
    },
    "/api/v1/archive/{sample}/{primary}/{processed}/{tier}/": ARCHIVE,
    "/api/v1/archive/{sample}/{primary}/{processed}/{tier}/{folder}": {
        "get": ARCHIVE["get"]
        | {"parameters": [*ARCHIVE["get"]["parameters"], parameter("folder", "Path of a folder; may hold slashes.", TEXT, "path")]}
    },
    "/api/v1/render/{sample}/{primary}/{processed}/{tier}/{me}": {
        "get": {
            "summary": "The plot of a monitor element.",
            "parameters": [*SAMPLE, parameter("me", "Path of the ME; may hold slashes.", TEXT, "path"), *DRAWING],
            "responses": {
                "200": files(FORMATS, "The plot, drawn, or the object in it, by `format`."),
                "404": files(DRAWN, "There is no such ME; what is drawn says so. ROOT file and JSON: an error."),
            },
        }
    },
    "/api/v1/json/{sample}/{primary}/{processed}/{tier}/{me}": {
        "get": {
            "summary": "A monitor element as JSON.",
            "parameters": [*SAMPLE, parameter("me", "Path of the ME; may hold slashes.", TEXT, "path"), NOT_OLDER_THAN],
            "responses": {
                "200": answer(
                    {"type": "object", "required": ["_typename", "dqmProperties"]},
                    "The object as ROOT's TBufferJSON has it (null for what is no number), and whether it is an efficiency.",
                )
            },
        }
    },
    "/api/v1/render_overlay": {
        "get": {
            "summary": "Several monitor elements on each other; those that are not there are left out.",
            "parameters": [OBJECTS, *DRAWING],
            "responses": {
                "200": files(FORMATS, "The plot, drawn, or the objects in it, by `format`."),
                "404": files(DRAWN, "None of them is there; what is drawn says so. ROOT file and JSON: an error."),
            },
        }
    },
    "/api/v1/json_overlay": {
        "get": {
            "summary": "Several monitor elements as JSON; those that are not there are left out.",
            "parameters": [OBJECTS, NOT_OLDER_THAN],
            "responses": {
                "200": answer(
                    of(objects=listed({"type": "object"}), dqmProperties={"type": "object"}), "The objects as ROOT's TBufferJSON has them."
                )
            },
        }
    },
    "/api/v1/lumis/{run}/{primary}/{processed}/{tier}": {
        "get": {
            "summary": "The lumisections of a run of a dataset; 0 is the whole run.",
            "parameters": [parameter("run", "Run.", WHOLE, "path"), *SAMPLE[1:], NOT_OLDER_THAN],
            "responses": {"200": answer(listed(WHOLE), "In order.")},
        }
    },
    "/api/v1/datasets": {
        "get": {
            "summary": "At most 100 datasets, in alphabetical order.",
            "parameters": [parameter("search", "Text that the name contains, without regard to case.", TEXT), NOT_OLDER_THAN],
            "responses": {"200": answer(of(datasets=listed(TEXT)), "The names.")},
        }
    },
    "/api/v1/latest_runs": {
        "get": {
            "summary": "The 100 newest runs.",
            "parameters": [parameter("search", "Text that the run number contains.", TEXT), NOT_OLDER_THAN],
            "responses": {"200": answer(of(runs=listed(WHOLE)), "Newest first.")},
        }
    },
    "/api/v1/host": {
        "get": {
            "summary": "The host that answers.",
            "parameters": [NOT_OLDER_THAN],
            "responses": {"200": answer(of(host=TEXT), "Its name.")},
        }
    },
    "/api/v1/files": {
        "get": {
            "summary": "Registered files, the newest first, at most 100 at a time.",
            "parameters": [
                parameter("run", "Text that the run number of a sample in it contains; six digits are a whole run number.", TEXT),
                parameter("dataset", "Text that the dataset of a sample in it contains, without regard to case.", TEXT),
                parameter("from", "Number of the file to begin with: `next` of the answer before.", WHOLE),
            ],
            "responses": {"200": answer(of(data=listed(FILE), next=WHOLE | {"nullable": True}), "The files.")},
        }
    },
    "/api/v1/files/{number}/content": {
        "get": {
            "summary": "A whole file, or a range of it.",
            "description": "For shifters.",
            "parameters": [parameter("number", "Number of the file, `id` in the list.", WHOLE, "path")],
            "responses": {"200": answer({"type": "string", "format": "binary"}, "The file.", "application/octet-stream")},
        }
    },
    "/api/v1/register": {
        "post": {
            "summary": "Register files. All of them are stored, or none.",
            "description": "From a network of register_networks, or with the token of an operator.",
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": listed(ENTRY)}}},
            "responses": {"201": answer(of(message=TEXT, new=WHOLE, replaced=WHOLE, known=WHOLE), "All entries are stored.")},
        }
    },
}
