"""The pages of a sample: its folders and plots, one plot large, the progress of reading its file, and what failed."""

from __future__ import annotations

from json import loads
from typing import Any

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.formats import Kind
from app.formats.listing import EFFICIENCY
from app.gui import samples
from app.gui.addresses import DEFAULT_SIZE, LARGE, LARGEST, OPTIONS, TILE_SIZES, View, asked, text
from app.gui.api.v1 import catalog, plots
from app.gui.catalog.catalog import ImportFailed, Importing, OpenSample
from app.gui.catalog.stored import find, retry
from app.gui.files.register import is_live
from app.gui.pages import lumis
from app.gui.pages.details import details, dimensions
from app.gui.pages.listing import list_view, scalar, siblings, status_of, tests_of, tile
from app.gui.pages.live import live_state
from app.gui.samples import SampleKey
from app.queue import BackgroundJob
from app.security import Role, audit, current_user, needs
from app.web import Problem, is_fragment, nothing_new, page
from render.errors import OptionError
from render.options import Options

pages = Blueprint("gui", __name__)

WAIT_S = 1.0
"""Longest wait of a page for a list that is being made, before it shows the progress instead."""


@pages.get("/browse/<path:place>")
@needs(Role.VIEWER)
def browse(place: str) -> AnyResponse:
    """A folder of a sample, the matches of a search in it, or one of its plots large."""
    view = asked()
    if "lumi" in request.args:
        return redirect(view.of_lumi(lumis.nearest(view)).address)
    polled = is_fragment() and "since" in request.args
    if not polled and (answer := _nothing_new(view.key)):
        return answer
    try:
        sample = catalog().open(view.key, 0.0 if polled else WAIT_S)
    except Importing as importing:
        return _progress(view, importing.work)
    except ImportFailed as failure:
        return _failed(view, failure)
    if polled:  # the list is there now: the browser loads this page anew
        return Response(headers={"HX-Refresh": "true"})
    if is_live(view.key.run, view.key.dataset):
        view = view.but(stamp=sample.version)
    if "course" in request.args and view.plot:
        return page(
            "gui/course_fragment.html",
            "gui/course_fragment.html",
            view=view,
            **lumis.over(view, lumis.courses().course(view.key, view.plot)),
        )
    if "details" in request.args and (index := sample.names.find(view.plot)) is not None:
        return page("gui/details_fragment.html", "gui/details_fragment.html", details=_details(sample, view, index))
    return _plot(sample, view) if view.plot else _listing(sample, view)


def _nothing_new(key: SampleKey) -> Response | None:
    """The answer to the poll of a page of a run that goes on, which shows all there is."""
    return nothing_new(live_state(catalog().pulse(key)).version) if "since" in request.args and is_live(key.run, key.dataset) else None


@pages.post("/browse/<path:place>")
@needs(Role.SHIFTER)
def read_again(place: str) -> AnyResponse:
    """Have a file read again that could not be read."""
    view = asked()
    row = find(view.key)
    if row is None:
        raise Problem(404, f"there is no {view.key}")
    retry(row.file)
    audit("read again", row.url)
    return redirect(view.address, 303)


def _listing(sample: OpenSample, view: View) -> Response:
    start = _start()
    listing = list_view(sample, view, start)
    if not listing.folders and not listing.total and view.folder and not view.q:
        if sample.names.find(view.folder) is not None:
            return _moved(view.of_folder(view.folder.rpartition(b"/")[0]).of_plot(view.folder))
        if view.folder.strip(b"/") != view.folder:
            return _moved(view.but(folder=view.folder.strip(b"/")))
        raise Problem(404, f"{view.key} has no folder {text(view.folder)}")
    fragment = "gui/tiles_fragment.html" if "from" in request.args else "gui/folder_fragment.html"
    return page("gui/folder.html", fragment, listing=listing, sizes=_sizes(view), tile_size=TILE_SIZES[view.size], **_frame(view, sample))


def _moved(view: View) -> Response:
    return make_response(redirect(view.address))


def _start() -> int:
    given = request.args.get("from", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _sizes(view: View) -> list[tuple[str, str, bool]]:
    """The choice of tile sizes: name, address, whether it is the present one."""
    return [(name, view.but(size=name).address, name == view.size) for name in TILE_SIZES]


def _plot(sample: OpenSample, view: View) -> Response:
    index = sample.names.find(view.plot)
    context = _facts(sample, view, index) if index is not None else {"me": None}
    frame = _frame(view, sample)
    given = dict(view.options)
    large = LARGEST if view.size == "xl" else LARGE
    previous = frame["lumis"]["previous"] if frame["lumis"] else None
    known = lumis.courses().known(view.key, view.plot) if frame["lumis"] else None
    image = view.difference(view.plot, previous, large) if view.diff and previous else view.image(view.plot, large)
    answer = page(
        "gui/plot.html", "gui/plot_fragment.html",
        name=text(view.plot.rpartition(b"/")[2]), path=text(view.plot), up=view.but(plot=b"").address,
        image=image, large=large, resized=view.but(size=DEFAULT_SIZE if large == LARGEST else "xl").address,
        given={name: given.get(name, "") for name in OPTIONS}, wrong=_wrong_option(view), plain=view.but(options=()).address,
        **context, **frame, **lumis.over(view, known),
    )  # fmt: skip
    if index is None:
        answer.status_code = 404
    return answer


def _details(sample: OpenSample, view: View, index: int) -> list[tuple[str, str]]:
    """What a histogram says of itself; asked for after its plot, for the render service has to unpack it."""
    try:
        found = details(loads(plots().json(sample, index)))
    except Problem as problem:
        return [("Entries", f"not known now: {problem.message}")]
    plugins = _plugins(sample, view)
    return found + ([("Drawn with", f"the plugin {plugins}")] if plugins else [])


def _plugins(sample: OpenSample, view: View) -> str:
    """The render plugins of the plot that the page shows, which is kept from when it was drawn."""
    width, height = LARGEST if view.size == "xl" else LARGE
    try:
        options = Options.from_query(MultiDict([("w", str(width)), ("h", str(height)), *view.options]))
        return plots().plot(sample, view.plot, options).plugins
    except (OptionError, Problem):
        return ""


def _wrong_option(view: View) -> str:
    """What is wrong with the drawing options of a view, if anything."""
    try:
        Options.from_query(MultiDict(view.options))
    except OptionError as error:
        return str(error)
    return ""


def _facts(sample: OpenSample, view: View, index: int) -> dict[str, Any]:
    """What is known of one ME, and its neighbours in the folder or search."""
    row = sample.columns.row(index)
    among = siblings(sample, view)
    at = among.index(index) if index in among else 0
    near = {"previous": at - 1 if at else None, "next": at + 1 if at + 1 < len(among) else None}
    kind = Kind(row.kind)
    return {
        "me": tile(sample, view, index),
        "kind": kind.name.lower() if kind.scalar else kind.class_name,
        "axes": "xyz" if dimensions(kind.class_name) > 1 else "xy",
        "efficiency": bool(row.flags & EFFICIENCY),
        "row": row,
        "value": scalar(sample, index),
        "status": status_of(sample.columns.status[index]),
        "tests": tests_of(sample, index),
        "position": (at + 1, len(among)),
        "near": {name: tile(sample, view, among[place]) for name, place in near.items() if place is not None},
    }


def _progress(view: View, job: BackgroundJob) -> Response:
    """The page that waits for the list; it asks this address every second whether something changed."""
    state = f"{job.state}-{job.progress or 0:.2f}-{job.note}"
    if answer := nothing_new(state):
        return answer
    answer = page("gui/importing.html", "gui/importing_fragment.html", job=job, state=state, **_frame(view))
    answer.status_code = 202
    return answer


def _failed(view: View, failure: ImportFailed) -> Response:
    if is_fragment():
        return Response(headers={"HX-Refresh": "true"})
    may_retry = current_user().role >= Role.SHIFTER
    answer = page("gui/failed.html", "gui/failed.html", failure=failure, may_retry=may_retry, **_frame(view))
    answer.status_code = failure.status
    return answer


def _frame(view: View, sample: OpenSample | None = None) -> dict[str, Any]:
    """What stands above every page of a sample: run, dataset, lumisection, and the way to others; breadcrumbs."""
    key = view.key
    before, after = samples.neighbours(key) if key.run else (None, None)
    folder = view.plot.rpartition(b"/")[0] if view.plot else view.folder
    parts = folder.split(b"/") if folder else []
    crumbs = [(text(part), view.of_folder(b"/".join(parts[: depth + 1])).address) for depth, part in enumerate(parts)]
    return {
        "view": view,
        "key": key,
        "sample": sample,
        "run_before": before and view.of_run(before).address,
        "run_after": after and view.of_run(after).address,
        "datasets": [(name, view.of_dataset(name).address, name == key.dataset) for name in samples.datasets_of(key.run, key.lumi)],
        "lumis": lumis.steps(view),
        "live": live_state(catalog().pulse(key), sample) if is_live(key.run, key.dataset) else None,
        "top": view.of_folder(b"").address,
        "crumbs": crumbs,
    }
