"""Overlays: several monitor elements (MEs) in one plot.

The first ME that exists is drawn with the others as its references. An ME that does not exist keeps its place, so that the
colours and labels of the others do not depend on it. So do one whose file cannot be read, and in pictures a number or text
beside histograms, and the reverse.
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
from app.gui.plots.documents import me_document, with_properties
from app.gui.plots.near_names import unknown_element
from app.gui.plots.plot_parts import PlotPart
from app.gui.plots.plots import Plots
from app.gui.samples import SampleKey
from render.client import MAX_OBJECTS
from render.options import Options

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


def drawing_order(parts: Sequence[PlotPart], options: Options) -> tuple[list[PlotPart], Options]:
    """The MEs from the first existing one on, and the options with the labels of the rest; if none exists, the first alone.

    Those that cannot be drawn over the first, numbers over histograms and the reverse, become missing ones.
    """
    scalars = [Kind(part.found.row.kind).scalar if part.found else None for part in parts]
    first = next((index for index, scalar in enumerate(scalars) if scalar is not None), None)
    if first is None:
        return [parts[0]], options
    drawn = [part if scalar == scalars[first] else PlotPart(None, part.path) for part, scalar in zip(parts, scalars, strict=True)]
    return drawn[first:], replace(options, reflabels=options.reflabels[first:])


def missing_part(part: PlotPart) -> UnknownElement:
    """The error about an ME that does not exist."""
    return unknown_element(part.sample, part.path) if part.sample else UnknownElement(f"There is no monitor element {part.name}")


def overlay_document(plots: Plots, parts: Sequence[PlotPart]) -> dict[str, Any]:
    """MEs as JSON of ROOT's TBufferJSON, without missing ones. Raises UnknownElement when all are missing, InvalidInput, PlotError."""
    if len({Kind(found.row.kind).scalar for part in parts if (found := part.found)}) > 1:
        raise _invalid("Numbers and texts cannot be together with histograms")
    objects = [me_document(plots, found.sample, part.path) for part in parts if (found := part.found)]
    if not objects:
        raise missing_part(parts[0])
    efficiencies = [each.pop("dqmProperties")["efficiency"] for each in objects]
    return with_properties({"objects": objects}, any(efficiencies))
