"""Responses with a plot: media type, name of the saved file, and headers."""

from __future__ import annotations

from flask import Response

from app.gui.plots.documents import MEDIA_TYPES
from app.gui.plots.plot_parts import PlotPart
from app.gui.plots.plots import Plot
from app.gui.plots.saved_files import file_name
from app.gui.samples import SampleKey
from app.web.downloads import content_disposition
from app.web.responses import ContentResponse

SVG_POLICY = "default-src 'none'; sandbox"
"""An SVG that is opened as a document runs nothing and loads nothing."""


WINDOW_START = "DQM-Window-Start"
"""Header of a window: the lumisection of the snapshot that was subtracted, which can be older than requested."""


def with_start(response: Response, part: PlotPart) -> Response:
    """The response with the header WINDOW_START if the ME is in a window."""
    if part.since:
        response.headers[WINDOW_START] = str(part.since.lumi)
    return response


def plot_response(plot: Plot, key: SampleKey, part: PlotPart, form: str) -> Response:
    """A plot whose first ME is `part`; the name of the file contains its window.

    Browsers show a PNG and save the other formats; the status is 404 when the ME does not exist.
    """
    response = ContentResponse(plot.image, 200 if plot.found else 404, content_type=MEDIA_TYPES[form])
    response.set_etag(plot.etag)
    response.headers["Cache-Control"] = "no-cache"
    name = file_name(key, part.path, form, part.since.lumi if part.since else None)
    response.headers["Content-Disposition"] = content_disposition("inline" if form == "png" else "attachment", name)
    if form == "svg":
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response
