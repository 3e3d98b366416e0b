"""The panel that compares the plots of a page with references: the legend, shortcuts, and completion of what is typed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Response, request

from app.formats import Kind
from app.gui import samples
from app.gui.addresses import FormField, form_field, form_value, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog
from app.gui.drawing_options import COMPARISON_OPTIONS, LIST_COMPARISON_OPTIONS
from app.gui.errors import ImportFailed, Importing, UnknownSample
from app.gui.plots.overlay import why_not_drawn
from app.gui.references import COMPARISONS, MAX_REFERENCES, Reference
from app.gui.samples import SampleKey
from app.gui.view import LARGE, View
from app.web import page

COMPARISON_NAMES = dict(zip(COMPARISONS, ("Overlay", "Side by side", "Overlay and ratio", "Stacked", "Difference"), strict=True))

WAIT_S = 0.3
"""Longest wait of a page for the lists of its references, all together."""

TOO_LONG = "the address of the picture would be too long; shorten labels or remove other references"
"""Why a reference is not drawn that does not fit in the address."""

MAX_CHOICES = 20
"""Completions of a typed reference."""


class LegendEntry(NamedTuple):
    """A reference of a page."""

    number: int  # from 1; decides the colour
    reference: Reference
    shown_label: str
    address: str  # the same page of the reference
    without: str  # the address of the page without it
    sample: OpenSample | None  # None: its list is not available, see `problem`
    problem: str  # why nothing of it can be drawn, or ""

    def lacks(self, path: bytes) -> bool:
        """Whether nothing of this reference can be drawn for the plot of an ME."""
        if self.sample is None:
            return bool(self.problem)
        return self.sample.names.find(self.reference.me_path(path)) is None

    @property
    def field(self) -> FormField:
        """It in a form."""
        return form_field("ref", self.reference.written())

    def why_not_drawn(self, path: bytes, kind: Kind, style: str, drawn: int) -> str:
        """Why it is not drawn with the plot of an ME of this kind though it has the ME, "" if it is.

        drawn: number of the references that fit in the address of the picture.
        """
        if self.number > drawn:
            return TOO_LONG
        index = self.sample.names.find(self.reference.me_path(path)) if self.sample else None
        return why_not_drawn(Kind(self.sample.columns.kind[index]), kind, style, self.number) if self.sample and index is not None else ""


class Shortcut(NamedTuple):
    """A link that adds a reference."""

    title: str
    address: str


def legend_of(view: View, wait_s: float | None = None) -> list[LegendEntry]:
    """The references of a page with their samples; waits up to `wait_s` (as a rule WAIT_S) for lists that are being read."""
    end = time.monotonic() + (WAIT_S if wait_s is None else wait_s)
    return [_legend_entry(view, number, each, end) for number, each in enumerate(view.references, 1)]


def unread(legend: Sequence[LegendEntry]) -> str:
    """The numbers of the references whose lists are being read, with commas between them."""
    return ",".join(str(each.number) for each in legend if each.sample is None and not each.problem)


def compare_context(view: View, legend: list[LegendEntry], sample: OpenSample | None = None) -> dict[str, Any]:
    """Values of gui/compare.html. sample: that of the page of one plot, whose legend says what is not drawn."""
    return {
        "legend": legend,
        "unread": unread(legend),
        "not_drawn": {each.number: reason for each in legend if sample and (reason := _why_not_drawn(each, sample, view))},
        "shortcuts": _shortcuts(view),
        "other_datasets": _other_datasets(view),
        "comparisons": list(COMPARISON_NAMES.items()),
        "compare_base": _base(view),
        "is_full": len(view.references) == MAX_REFERENCES,
        "max_references": MAX_REFERENCES,
    }


def _other_datasets(view: View) -> list[tuple[str, str]]:
    """The datasets of the run that are not on the page yet, for the choice of one."""
    found = (Reference(dataset=name) for name in samples.datasets_of(view.key.run, view.key.lumi) if name != view.key.dataset)
    return [(each.dataset, each.dataset) for each in found if not _is_there(view, each)]


def _why_not_drawn(entry: LegendEntry, sample: OpenSample, view: View) -> str:
    index = sample.names.find(view.plot)
    kind, drawn = Kind(sample.columns.kind[index]) if index is not None else None, view.comparison(view.plot, LARGE)[1]
    return "" if kind is None or kind.scalar else entry.why_not_drawn(view.plot, kind, view.compare, drawn)


def _base(view: View) -> View:
    """The view without what the form of the panel holds: on a page of tiles also what a page of a plot has in its own form."""
    names = COMPARISON_OPTIONS if view.plot else LIST_COMPARISON_OPTIONS
    options = tuple((name, value) for name, value in view.options if name not in names)
    return view.replace(references=(), compare=COMPARISONS[0], options=options)


def _legend_entry(view: View, number: int, reference: Reference, end: float) -> LegendEntry:
    sample, problem = _opened(reference.key(view.key), max(0.0, end - time.monotonic()))
    path = reference.me_path(view.plot)
    if sample and path and sample.names.find(path) is None:
        problem = f"has no {text(path)}"
    there = view.replace(key=reference.key(view.key), references=())
    return LegendEntry(
        number,
        reference,
        reference.shown_label(view.key),
        (there.of_plot(path) if path else there).address,
        view.replace(references=view.references[: number - 1] + view.references[number:]).address,
        sample,
        problem,
    )


class SidePlot(NamedTuple):
    """The plot of a reference that is shown beside that of an ME."""

    label: str
    image: str  # address of the plot
    address: str  # of its page


def sides(view: View, legend: Sequence[LegendEntry], path: bytes, size: tuple[int, int]) -> list[SidePlot]:
    """The plots of references that are shown beside the plot of an ME."""
    if view.compare != "side":
        return []
    return [_side_plot(view, each, path, size) for each in legend if not each.lacks(path)]


def _side_plot(view: View, entry: LegendEntry, path: bytes, size: tuple[int, int]) -> SidePlot:
    reference = entry.reference
    there = view.replace(key=reference.key(view.key), references=()).of_plot(reference.me_path(path))
    return SidePlot(entry.shown_label, view.image_of(reference, path, size), there.address)


def _opened(key: SampleKey, wait_s: float) -> tuple[OpenSample | None, str]:
    """A sample whose list is stored, or why there is none; a missing list is read in the meantime."""
    try:
        return current_catalog().open(key, wait_s), ""
    except Importing:
        return None, ""  # its plots are drawn when it has been read
    except (UnknownSample, ImportFailed) as error:
        return None, error.message


def _shortcuts(view: View) -> list[Shortcut]:
    """Links that add a reference which is not there yet."""
    if len(view.references) == MAX_REFERENCES:
        return []
    key = view.key
    previous, following = samples.neighbours(key) if key.run else (next(iter(samples.runs_of(key.dataset, limit=1)), None), None)
    earlier = samples.before_reprocessing(key)
    found = [
        (f"Previous run {previous}", previous and Reference(previous, key.lumi)),
        (f"Next run {following}", following and Reference(following, key.lumi)),
        (f"Before reprocessing: {earlier}", earlier and Reference(dataset=earlier)),
    ]
    return [Shortcut(title, view.with_reference(each).address) for title, each in found if each and not _is_there(view, each)]


def _is_there(view: View, reference: Reference) -> bool:
    """Whether a page has a reference, in whatever words and with whatever label."""
    return any((each.key(view.key), each.path) == (reference.key(view.key), reference.path) for each in view.references)


def choices_fragment(sample: OpenSample, view: View) -> Response:
    """Completions of the reference that is being typed: runs, datasets, or plots of this sample."""
    typed = (request.args.getlist("ref") or [""])[-1].strip()
    return page("gui/choices_fragment.html", "gui/choices_fragment.html", choices=_choices(sample, view, typed))


def _choices(sample: OpenSample, view: View, typed: str) -> list[str]:
    if typed.startswith("//"):
        found = (form_value(sample.names[index]) for index in sample.names.search(typed[2:].split(), MAX_CHOICES))
        return [f"//{name}" for name in found if name]  # others cannot be typed
    run, slash, dataset = typed.partition("/")
    if not run.isascii() or not (run.isdigit() or (slash and not run)):
        return []
    if not run:
        return [name for name in samples.datasets_of(view.key.run, view.key.lumi) if dataset.lower() in name.lower()][:MAX_CHOICES]
    here = samples.runs(run, view.key.dataset, MAX_CHOICES) if not slash else []
    same = [str(key.run) for key in here if key.dataset == view.key.dataset]
    return same + [f"{key.run}{key.dataset}" for key in samples.runs(run, dataset, MAX_CHOICES) if key.dataset != view.key.dataset]
