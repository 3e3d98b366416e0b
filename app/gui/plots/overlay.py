"""Overlays: several monitor elements (MEs) in one plot.

The first ME that exists is drawn with the others as its references. An ME that does not exist keeps its place, so that the
colours and labels of the others do not depend on it. So do one whose file cannot be read, and in pictures one that cannot be
drawn over the first: see `why_not_drawn`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from app.formats import Kind
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.errors import ImportFailed, InvalidInput, UnknownElement, UnknownSample
from app.gui.plots.bins import dimensions
from app.gui.plots.documents import me_document, with_properties
from app.gui.plots.near_names import unknown_element
from app.gui.plots.plot_parts import PlotPart
from app.gui.plots.plots import Plots
from app.gui.samples import SampleKey
from render.client import MAX_OBJECTS
from render.options import IMAGE_FORMATS, Options

ALONE = ("side", "object")
"""How references are shown if each has a picture of its own: on pages, and in the render API."""

MISSING = "missing"
"""Why an ME that does not exist is not drawn."""

_OBJECT = re.compile(rb"/?archive/(\d{1,9})(?::(\d{1,9}))?((?:/[^/]+){3})/(.+)", re.DOTALL)


class ObjectRef(NamedTuple):
    """An ME in a request: its sample and its path."""

    key: SampleKey
    path: bytes


def parse_objects(values: Sequence[bytes]) -> list[ObjectRef]:
    """The MEs in values of `obj=archive/run[:lumi]/primary/processed/tier/path`, which are percent-decoded. Raises InvalidInput."""
    if not 1 <= len(values) <= MAX_OBJECTS:
        raise _invalid(f"Expected 1 to {MAX_OBJECTS} values, not {len(values)}")
    return [_parse_object(value) for value in values]


def _parse_object(value: bytes) -> ObjectRef:
    match = _OBJECT.fullmatch(value)
    if not match:
        raise _invalid(f"Expected archive/<run>[:<lumi>]/<primary>/<processed>/<tier>/<path>, not {value.decode(errors='replace')!r}")
    return ObjectRef(SampleKey(int(match[1]), int(match[2] or 0), match[3].decode(errors="replace")), match[4])


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(f"obj: {problem}", [("obj", problem)])


def open_parts(catalog: Catalog, objects: Sequence[ObjectRef], wait_s: float, not_older_than: float = 0.0) -> list[PlotPart]:
    """The MEs with their samples, each opened once and all within `wait_s`. Raises Importing as Catalog.open, and ImportFailed if no file can be read."""
    samples: dict[SampleKey, OpenSample | None] = {}
    failures: list[ImportFailed] = []
    end = time.monotonic() + wait_s
    for key, _ in objects:
        if key not in samples:
            try:
                samples[key] = catalog.open(key, max(0.0, end - time.monotonic()), not_older_than)
            except UnknownSample:
                samples[key] = None
            except ImportFailed as failure:
                samples[key] = None
                failures.append(failure)
    if failures and not any(samples.values()):
        raise failures[0]
    return [PlotPart(samples[key], path) for key, path in objects]


def why_not_drawn(kind: Kind, main: Kind, style: str, number: int) -> str:
    """Why a reference is not drawn with an ME, "" if it is.

    kind, main: of the reference and of the ME. style: how references are drawn. number: of the reference, from 1.
    """
    if style in ALONE:
        return ""
    if kind.scalar != main.scalar or dimensions(kind.class_name) != dimensions(main.class_name):
        return f"it is a {kind.class_name}, this is a {main.class_name}"
    if style == "difference":
        return "a difference is that from the first reference" if number > 1 and not main.scalar else ""
    if dimensions(main.class_name) > 1:
        return f"a {kind.class_name} cannot be drawn over a {main.class_name}, but beside it or as a difference"
    return ""


def not_drawn(parts: Sequence[PlotPart], style: str) -> dict[int, str]:
    """Why MEs of a plot are not in its picture, by their place from 0; empty if none exists."""
    kinds = [Kind(part.found.row.kind) if part.found else None for part in parts]
    first = next((place for place, kind in enumerate(kinds) if kind is not None), None)
    if first is None or (main := kinds[first]) is None:
        return {}
    reasons = ((place, why_not_drawn(kind, main, style, place - first) if kind else MISSING) for place, kind in enumerate(kinds))
    return {place: reason for place, reason in reasons if reason and place != first}


def drawing_order(parts: Sequence[PlotPart], options: Options) -> tuple[list[PlotPart], Options]:
    """The MEs from the first existing one on, and the options with the labels of the rest; if none exists, the first alone.

    Those that cannot be drawn with the first become missing ones; a ROOT file has all of them that are histograms, or numbers.
    """
    first = next((place for place, part in enumerate(parts) if part.found), None)
    if first is None:
        return [parts[0]], options
    if options.format in IMAGE_FORMATS:
        missing = not_drawn(parts, options.ref)
    else:
        scalars = [part.found is not None and Kind(part.found.row.kind).scalar for part in parts]
        missing = {place: "" for place, scalar in enumerate(scalars) if scalar != scalars[first]}
    drawn = [PlotPart(None, part.path) if place in missing else part for place, part in enumerate(parts)]
    return drawn[first:], replace(options, reflabels=options.reflabels[first:])


def missing_part(part: PlotPart) -> UnknownElement:
    """The error about an ME that does not exist."""
    return unknown_element(part.sample, part.path) if part.sample else UnknownElement(f"There is no monitor element {part.name}")


def overlay_document(plots: Plots, parts: Sequence[PlotPart]) -> dict[str, Any]:
    """MEs as JSON of ROOT's TBufferJSON, without missing ones.

    Raises UnknownElement when all are missing, InvalidInput, PlotError, NoWindow.
    """
    if len({Kind(found.row.kind).scalar for part in parts if (found := part.found)}) > 1:
        raise _invalid("Numbers and texts cannot be together with histograms")
    objects = [me_document(plots, found.sample, part.path, part.since) for part in parts if (found := part.found)]
    if not objects:
        raise missing_part(parts[0])
    efficiencies = [each.pop("dqmProperties")["efficiency"] for each in objects]
    return with_properties({"objects": objects}, any(efficiencies))
