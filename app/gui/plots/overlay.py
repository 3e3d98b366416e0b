"""Several monitor elements (MEs) on each other: which ones an address means, and what is made of them.

The first one that is there is drawn with the others as its references. One that is not there keeps its place, so that the
others keep their colours and labels. Pages and API come this way.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from app.formats import Kind
from app.gui.catalog.catalog import Catalog, OpenSample, UnknownSample
from app.gui.plots.outputs import document, with_properties
from app.gui.plots.parts import Part
from app.gui.plots.plots import Plots
from app.gui.samples import SampleKey
from app.web import Problem
from render.client import MAX_OBJECTS
from render.options import Options

_OBJECT = re.compile(rb"/?archive/(\d{1,9})(?::(\d{1,9}))?((?:/[^/]+){3})/(.+)", re.DOTALL)


class Wanted(NamedTuple):
    """An ME by its whole path, and the sample that it is of."""

    key: SampleKey
    path: bytes


def wanted(objects: Sequence[bytes]) -> list[Wanted]:
    """The MEs that `obj=archive/run[:lumi]/primary/processed/tier/path` mean, as bytes of a decoded query; raises Problem 400."""
    if not 1 <= len(objects) <= MAX_OBJECTS:
        raise _problem(f"1 to {MAX_OBJECTS} of them are wanted, not {len(objects)}")
    return [_wanted(text) for text in objects]


def _wanted(text: bytes) -> Wanted:
    match = _OBJECT.fullmatch(text)
    if not match:
        raise _problem(f"archive/<run>[:<lumi>]/<primary>/<processed>/<tier>/<path> is wanted, not {text.decode(errors='replace')!r}")
    return Wanted(SampleKey(int(match[1]), int(match[2] or 0), match[3].decode(errors="replace")), match[4])


def _problem(problem: str) -> Problem:
    return Problem(400, f"obj: {problem}", [("obj", problem)])


def opened(catalog: Catalog, wanted: Sequence[Wanted], wait_s: float, not_older_than: float = 0.0) -> list[Part]:
    """The MEs out of their samples, of which each is opened once, all within `wait_s`; raises Problem when a list cannot be had."""
    samples: dict[SampleKey, OpenSample | None] = {}
    end = time.monotonic() + wait_s
    for key, _ in wanted:
        if key not in samples:
            try:
                samples[key] = catalog.open(key, max(0.0, end - time.monotonic()), not_older_than)
            except UnknownSample:
                samples[key] = None
    return [Part(samples[key], path) for key, path in wanted]


def ordered(parts: Sequence[Part], options: Options) -> tuple[list[Part], Options]:
    """The same MEs from the first one on that is there, with the labels of the others; when there is none, the first alone.

    Raises Problem 400 when some are histograms and some are not.
    """
    there = [index for index, part in enumerate(parts) if part.found]
    kinds = {Kind(found[2].kind).scalar for part in parts if (found := part.found)}
    if len(kinds) > 1:
        raise _problem("numbers and texts cannot be drawn over histograms")
    if not there:
        return [parts[0]], options
    first = there[0]
    return list(parts[first:]), replace(options, reflabels=options.reflabels[first:])


def documents(plots: Plots, parts: Sequence[Part]) -> dict[str, Any]:
    """MEs as ROOT's TBufferJSON has them, without those that are not there; raises Problem 404 when there is none."""
    ordered(parts, Options())
    found = [(found[0], part.path) for part in parts if (found := part.found)]
    if not found:
        raise Problem(404, f"there is no monitor element {parts[0].name}")
    objects = [document(plots, sample, path) for sample, path in found]
    efficiency = any(each.pop("dqmProperties")["efficiency"] for each in objects)
    return with_properties({"objects": objects}, efficiency)
