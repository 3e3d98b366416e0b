"""How a plot is sent: under which type, under which name it is saved, and what a browser may do with it."""

from __future__ import annotations

import re
from json import loads
from typing import Any
from urllib.parse import quote

from flask import Response
from werkzeug.http import dump_options_header

from app.formats import Kind
from app.formats.listing import EFFICIENCY
from app.gui.catalog.catalog import OpenSample
from app.gui.plots.plots import Plot, Plots
from app.gui.samples import SampleKey
from app.web import Problem

TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "root": "application/x-root",
    "json": "application/json",
}
"""The media type of each format of a plot."""

DRAWN = ("png", "svg", "pdf")
"""Formats that can say in place of a plot that there is none."""

SVG_POLICY = "default-src 'none'; sandbox"
"""An SVG that is opened as a document runs nothing and loads nothing."""

LONGEST_NAME = 150
_UNSAFE = re.compile(r"[^\w.+ -]+")


def file_name(key: SampleKey, path: bytes, form: str) -> str:
    """The name under which a plot is saved: the ME's and the run; letters that file systems mind are underscores."""
    name = _UNSAFE.sub("_", path.rpartition(b"/")[2].decode(errors="replace"))[:LONGEST_NAME].lstrip(".") or "plot"
    lumi = f"_ls{key.lumi}" if key.lumi else ""
    return f"{name}_run{key.run}{lumi}.{form}"


def sent(plot: Plot, key: SampleKey, path: bytes, form: str) -> Response:
    """The answer with a plot. Pictures are shown, what is for other programs is saved."""
    answer = Response(plot.image, 200 if plot.found else 404, content_type=TYPES[form])
    answer.set_etag(plot.etag)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Disposition"] = disposition("inline" if form == "png" else "attachment", file_name(key, path, form))
    if form == "svg":
        answer.headers["Content-Security-Policy"] = SVG_POLICY
    return answer


def disposition(where: str, name: str) -> str:
    """The header that says what to do with an answer; letters beyond ASCII are in a form of their own, which browsers prefer."""
    simple = "".join(letter if letter.isascii() else "_" for letter in name)
    return dump_options_header(where, {"filename": simple} | ({} if simple == name else {"filename*": f"UTF-8''{quote(name)}"}))


def index_of(sample: OpenSample, path: bytes) -> int:
    """The index of an ME; Problem 404 when there is none."""
    index = sample.names.find(path)
    if index is None:
        raise Problem(404, f"there is no monitor element {path.decode(errors='replace')}")
    return index


def document(plots: Plots, sample: OpenSample, path: bytes) -> dict[str, Any]:
    """An ME as ROOT's TBufferJSON has it, and what else is known of it; raises Problem."""
    index = index_of(sample, path)
    row = sample.columns.row(index)
    if Kind(row.kind).scalar:
        content: Any = {"_typename": "TObjString", "fString": sample.facts.scalars.get(index, "")}
    else:
        content = loads(plots.json(sample, index))
    return with_properties(content, bool(row.flags & EFFICIENCY))


def with_properties(content: dict[str, Any], efficiency: bool) -> dict[str, Any]:
    """ROOT's JSON of an object, or of several, with the properties of the monitor element."""
    return content | {"dqmProperties": {"efficiency": efficiency}}
