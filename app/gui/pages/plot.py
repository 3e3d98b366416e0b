"""The page of one large plot, and its fragments: the details of the histogram, the chart over lumisections."""

from __future__ import annotations

from collections.abc import Sequence
from json import loads
from typing import Any

from flask import Response
from werkzeug.datastructures import MultiDict

from app.core.area import ShownElement
from app.formats import Kind
from app.formats.listing import EFFICIENCY
from app.gui.addresses import form_field, text
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_plots
from app.gui.errors import NoWindow, PlotError
from app.gui.files.shown import shown_path
from app.gui.layouts.layout import PlotCell
from app.gui.pages.compare import LegendEntry, compare_context, legend_of, sides
from app.gui.pages.frame import frame_of_request
from app.gui.pages.layout_lists import absent_overlays, drawn_references, opened_layout, without_absent
from app.gui.pages.lumis import current_lumi_series, lumi_steps, series_context
from app.gui.pages.marked import marks_context
from app.gui.pages.options import option_form, with_drawn_options
from app.gui.pages.plot_help import EXAMPLE_SIZE, edit_address, help_of_plot, layouts_of_plot
from app.gui.pages.readable import readable_real
from app.gui.pages.siblings import siblings
from app.gui.pages.slide_show import play_links
from app.gui.pages.table import table_context
from app.gui.pages.tile import scalar, tile, with_badges
from app.gui.pages.window import window_start
from app.gui.plots.bins import dimensions
from app.gui.plots.near_names import near_names
from app.gui.quality import sorted_tests, status_badge
from app.gui.view import DEFAULT_SIZE, LARGE, LARGEST, View
from app.web import page
from app.web.assets import asset
from render.errors import OptionError
from render.options import Options

MAX_INTERACTIVE = 2
"""Most axes of a histogram that is drawn interactively."""


def plot_page(sample: OpenSample, view: View) -> Response:
    """One plot large; status 404 when the sample has no such ME."""
    overlays = []
    if isinstance(view.cell, PlotCell):
        overlays = absent_overlays(sample, view.cell)
        view = view.replace(cell=without_absent(sample, view.cell))
    form = option_form(view)
    if form["option_problem"]:
        view = with_drawn_options(view)
    index = sample.names.find(view.plot)
    references = legend_of(view)
    legend = drawn_references(view, references)
    frame = frame_of_request(view, sample) | {"lumis": lumi_steps(view)}
    context = {"me": None, "near_mes": _near(sample, view)} if index is None else _me_context(sample, view, index, legend)
    if index is not None or view.cell:
        context |= _neighbours(sample, view, legend)
    series = current_lumi_series().cached(view.key, view.plot) if frame["lumis"] else None
    up, back = _way_back(view)
    response = page(
        "gui/plot.html",
        "gui/plot_fragment.html",
        name=text(view.plot.rpartition(b"/")[2]),
        path=text(view.plot),
        file=shown_path(sample.url),
        up=up.address,
        back=back,
        **context,
        **frame,
        in_layouts=layouts_of_plot(view),
        edit=edit_address(view),
        helps=help_of_plot(view),
        example_size=EXAMPLE_SIZE,
        no_reference=bool(references) and not legend,
        absent_overlays=overlays,
        **compare_context(view, references, sample),
        plays=play_links(view, context.get("value", "") is None),
        **marks_context(view, [form_field("mark", view.plot)]),
        **_image_context(view, legend, frame["lumis"]["previous"] if frame["lumis"] else None),
        **form,
        **series_context(view, series),
    )
    if index is None:
        response.status_code = 404
    if form["option_problem"]:
        response.headers["HX-Push-Url"] = "false"  # the address stays that of the plot that is shown
    return response


def _way_back(view: View) -> tuple[View, str]:
    """The list of a large plot, and what it is called; that of a layout of this plot alone is its folder."""
    if view.failing:
        return view.of_plot(b""), "Back to failing tests"
    if view.is_search:
        return view.of_plot(b""), "Back to results"
    layout = opened_layout(view) if view.cell else None
    if layout and not view.shared and len(layout.plots) == 1:
        return view.of_plot(b"").replace(folder=layout.folder.encode()), "Back to folder"
    return view.of_plot(b""), "Back to layout" if layout else "Back to folder"


def _near(sample: OpenSample, view: View) -> list[tuple[str, str]]:
    """Path and address of MEs with names similar to one that does not exist."""
    return [(text(path), view.of_plot(path).address) for path in near_names(sample.names, view.plot)]


def _image_context(view: View, legend: Sequence[LegendEntry], previous_lumi: int | None) -> dict[str, Any]:
    size = LARGEST if view.size == "xl" else LARGE
    shows_difference = view.diff and previous_lumi
    image = view.difference(view.plot, previous_lumi, size) if shows_difference and previous_lumi else view.image(view.plot, size)
    other_size = DEFAULT_SIZE if size == LARGEST else "xl"
    return {
        "image": image,
        "sides": sides(view, legend, view.plot, size),
        "this_label": str(view.key),
        "large": size,
        "resized": view.replace(size=other_size).address,
    }


def _me_context(sample: OpenSample, view: View, index: int, legend: Sequence[LegendEntry]) -> dict[str, Any]:
    """Details of one ME."""
    row = sample.columns.row(index)
    kind, value = Kind(row.kind), scalar(sample, index)
    me = tile(sample, view, index, legend)
    is_interactive = dimensions(kind.class_name) <= MAX_INTERACTIVE and not kind.scalar and not me.window.reason
    return {
        "me": me,
        "kind": kind.class_name,
        "axes": "xyz" if dimensions(kind.class_name) > 1 else "xy",
        "efficiency": bool(row.flags & EFFICIENCY),
        "row": row,
        "value": value,
        "status": status_badge(sample.columns.status[index]),
        "tests": with_badges(sorted_tests(sample.facts, index)),
        "readable": readable_real,
        "shown_element": _shown_element(view, is_number=value is not None),
        **table_context(sample, view, index, legend),
        "interactive": _interactive(sample, view, legend) if is_interactive else None,
    }


def _shown_element(view: View, *, is_number: bool) -> ShownElement | None:
    """The monitor element for other areas; None if its path is no UTF-8, which addresses of theirs cannot hold."""
    try:
        return ShownElement(*view.key, view.plot.decode(), is_number)
    except UnicodeDecodeError:
        return None


def _interactive(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> dict[str, Any]:
    """What static/gui/interactive.js draws."""
    options = dict(view.options_of(view.plot))
    overlay = [path for path in view.overlay_of(view.plot) if sample.names.find(path) is not None]
    words = [f"log{axis}" for axis in "xyz" if options.get(f"{axis}type") == "log"]
    return {
        "library": asset("vendor/jsroot/hist2d.min.js"),
        "addresses": [
            view.json(view.plot),
            *("" if each.lacks(view.plot) else view.json_of(each.reference) for each in legend),
            *map(view.json, overlay),
        ],
        "labels": [_name(view.plot), *(entry.shown_label for entry in legend), *map(_name, overlay)],
        "scale": options.get("norm") != "false",
        "errors": options.get("errors") == "true",
        "options": " ".join(words if options.get("stats") != "false" else [*words, "nostat"]),
        "ranges": {axis: [options.get(f"{axis}min"), options.get(f"{axis}max")] for axis in "xyz"},
        "note": _interactive_note(view),
    }


def _name(path: bytes) -> str:
    return text(path.rpartition(b"/")[2])


def _interactive_note(view: View) -> str:
    """What of the picture the interactive plot does not show."""
    if view.diff:
        return "The interactive plot shows this lumisection alone, without the difference from the previous one."
    if view.references and view.compare in ("ratiooverlay", "stacked", "difference"):
        return "The interactive plot shows its references as overlay."
    return ""


def _neighbours(sample: OpenSample, view: View, legend: Sequence[LegendEntry]) -> dict[str, Any]:
    """Position in the list, 0 for a plot that is not in it, and the name and address of the previous and next one that the sample has.

    A step to another run keeps the list, in which the plot need not be there; then all others are after it.
    """
    plots = siblings(sample, view, legend)
    at = next((number for number, each in enumerate(plots) if each.is_that_of(view)), -1)
    before = [each for each in plots[: max(at, 0)] if each.me is not None]
    after = [each for each in plots[at + 1 :] if each.me is not None]
    is_listed = at >= 0 and plots[at].me is not None
    near = {"previous": before[-1:], "next": after[:1]}
    return {
        "position": (len(before) + 1 if is_listed else 0, len(before) + is_listed + len(after)),
        "near": {name: {"name": _name(found[0].path), "address": found[0].view(view).address} for name, found in near.items() if found},
    }


def series_fragment(view: View) -> Response:
    """The chart of an ME over the lumisections of the run, which is read for it."""
    series = current_lumi_series().get(view.key, view.plot)
    return page("gui/lumi_series_fragment.html", "gui/lumi_series_fragment.html", view=view, **series_context(view, series))


def details_fragment(sample: OpenSample, view: View, index: int) -> Response:
    """Entries and axes of a histogram, loaded after its plot since the render service has to unpack the histogram."""
    return page("gui/details_fragment.html", "gui/details_fragment.html", details=_details(sample, view, index))


def _details(sample: OpenSample, view: View, index: int) -> list[tuple[str, str]]:
    try:
        found = histogram_details(loads(current_plots().json(sample, index, window_start(sample, view))))
    except (PlotError, NoWindow) as error:
        return [("Entries", f"unknown: {error.message}")]
    plugins = _plugins(sample, view)
    return found + ([("Drawn with", f"the plugin {plugins}")] if plugins else [])


def _plugins(sample: OpenSample, view: View) -> str:
    """The render plugins of the plot of the page, which is cached by now."""
    width, height = LARGEST if view.size == "xl" else LARGE
    try:
        options = Options.from_query(MultiDict([("w", str(width)), ("h", str(height)), *view.options_of(view.plot)]))
        return current_plots().plot(sample, view.plot, options, window_start(sample, view)).plugins
    except (OptionError, PlotError, NoWindow):
        return ""


def histogram_details(histogram: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and texts of the properties of a histogram, from its JSON by ROOT."""
    entries = histogram.get("fEntries")
    found = [("Entries", "not a number" if entries is None else f"{entries:,.15g}")]
    if title := histogram.get("fTitle"):
        found.append(("Title", title))
    return found + [(name, _axis(histogram[f"f{name}axis"])) for name in "XYZ"[: dimensions(histogram["_typename"])]]


def _axis(axis: dict[str, Any]) -> str:
    bins = f"{axis['fNbins']:,} bin{'s' if axis['fNbins'] != 1 else ''} from {axis['fXmin']:g} to {axis['fXmax']:g}"
    return f"{axis['fTitle']}, {bins}" if axis.get("fTitle") else bins
