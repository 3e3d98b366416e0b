"""Monitor elements (MEs) as JSON, and the formats of a plot."""

from __future__ import annotations

from json import loads
from typing import Any

from app.formats import Kind
from app.formats.listing import EFFICIENCY
from app.gui.catalog.catalog import OpenSample
from app.gui.plots.near_names import unknown_element
from app.gui.plots.plots import Plots
from app.gui.plots.windows import check_window
from app.gui.snapshots.open_snapshot import OpenSnapshot

MEDIA_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "root": "application/x-root",
    "json": "application/json",
}
"""The media type of each format of a plot."""


def index_of(sample: OpenSample, path: bytes) -> int:
    """The index of an ME. Raises UnknownElement."""
    index = sample.names.find(path)
    if index is None:
        raise unknown_element(sample, path)
    return index


def me_document(plots: Plots, sample: OpenSample, path: bytes, since: OpenSnapshot | None = None) -> dict[str, Any]:
    """An ME, in its window if there is one, as JSON of ROOT's TBufferJSON, with its properties.

    Raises UnknownElement, PlotError, and NoWindow.
    """
    index = index_of(sample, path)
    row = sample.columns.row(index)
    if since:
        check_window(path, row)
    if Kind(row.kind).scalar:
        content: Any = {"_typename": "TObjString", "fUniqueID": 0, "fBits": 0, "fString": sample.facts.scalars.get(index, "")}
    else:
        content = loads(plots.json(sample, index, since))
    return with_properties(content, bool(row.flags & EFFICIENCY))


def with_properties(content: dict[str, Any], is_efficiency: bool) -> dict[str, Any]:
    """JSON of one or several objects with the properties of the ME."""
    return content | {"dqmProperties": {"efficiency": is_efficiency}}
