"""Responses with a plot: media type, name of the saved file, and headers."""

from __future__ import annotations

import re
from urllib.parse import quote

from flask import Response
from werkzeug.http import dump_options_header

from app.gui.plots.documents import MEDIA_TYPES
from app.gui.plots.plots import Plot
from app.gui.samples import SampleKey
from app.web.responses import ContentResponse

SVG_POLICY = "default-src 'none'; sandbox"
"""An SVG that is opened as a document runs nothing and loads nothing."""

MAX_NAME_CHARS = 150

_UNSAFE = re.compile(r"[^\w.+ -]+")


def file_name(key: SampleKey, path: bytes, form: str) -> str:
    """The name of a saved plot: ME and run; letters that file systems refuse become underscores."""
    name = _UNSAFE.sub("_", path.rpartition(b"/")[2].decode(errors="replace"))[:MAX_NAME_CHARS].lstrip(".") or "plot"
    lumi = f"_ls{key.lumi}" if key.lumi else ""
    return f"{name}_run{key.run}{lumi}.{form}"


def plot_response(plot: Plot, key: SampleKey, path: bytes, form: str) -> Response:
    """A plot. Browsers show a PNG and save the other formats; the status is 404 when the ME does not exist."""
    response = ContentResponse(plot.image, 200 if plot.found else 404, content_type=MEDIA_TYPES[form])
    response.set_etag(plot.etag)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Disposition"] = content_disposition("inline" if form == "png" else "attachment", file_name(key, path, form))
    if form == "svg":
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response


def content_disposition(kind: str, name: str) -> str:
    """The header Content-Disposition; a name beyond ASCII is added in the form that browsers prefer."""
    ascii_name = "".join(letter if letter.isascii() else "_" for letter in name)
    extended = {} if ascii_name == name else {"filename*": f"UTF-8''{quote(name)}"}
    return dump_options_header(kind, {"filename": ascii_name} | extended)
