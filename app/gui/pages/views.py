"""The address of a sample: its folders, one plot large, the progress of an import, and errors."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui.addresses import text
from app.gui.catalog.catalog import OpenSample
from app.gui.catalog.stored import find_sample, retry
from app.gui.current import current_catalog
from app.gui.errors import ImportFailed, Importing, ImportPostponed
from app.gui.files.entries import is_live
from app.gui.pages.compare import choices_fragment, compare_context, legend_of, unread
from app.gui.pages.failing import failing_page
from app.gui.pages.frame import frame_of_request, sample_frame
from app.gui.pages.layout_lists import with_cell
from app.gui.pages.layout_plots import found_in_layouts
from app.gui.pages.listing import TILES_PER_PAGE, folder_exists, list_view
from app.gui.pages.live import live_state
from app.gui.pages.lumis import nearest_lumi
from app.gui.pages.marked import marked_page, marks_context
from app.gui.pages.only_choices import only_choices
from app.gui.pages.parts import requested_part
from app.gui.pages.plot import details_fragment, plot_page, series_fragment
from app.gui.pages.run_info import run_info
from app.gui.pages.slide_show import DEFAULT_SLIDE_S, failed_slide, slide_page
from app.gui.pages.table import csv_response
from app.gui.pages.window import page_window
from app.gui.pages.workspaces.workspace import workspace_response
from app.gui.problems import problem_of
from app.gui.view import TILE_SIZES, View
from app.gui.view_query import view_from_request
from app.queue.models import BackgroundJob
from app.security import Role, needs
from app.security.audit_log import audit
from app.security.caller import current_user
from app.web import Problem, is_fragment, nothing_new, page

pages = Blueprint("gui", __name__)

WAIT_S = 1.0
"""Longest wait of a page for an import, before it shows the progress instead."""


@pages.get("/browse/<path:place>")
@needs(Role.VIEWER)
def browse(place: str) -> AnyResponse:
    """A page of a sample, or a fragment of it.

    The query chooses: `lumi=` redirects to the nearest lumisection, `since=` is a poll, `unread=` a poll until references are read, `series=` the chart over lumisections,
    `details=` the details of a histogram, `csv=` the table of its bins, `choices=` completions of a typed reference,
    `plot=` the page of a large plot, `show=marked` that of the marked plots, `slide=` and `play=` a slide show; without these it is a folder or a
    search.
    """
    view = view_from_request()
    response = _browse_response(view)
    if view.problems and response.status_code == 200 and "HX-Request" not in request.headers:  # a form shows them itself
        response.status_code = 400
    return response


def _browse_response(view: View) -> AnyResponse:
    if "lumi" in request.args:
        return redirect(view.of_lumi(nearest_lumi(view, request.args["lumi"])).address)
    if request.args.get("unread") and request.args["unread"] == unread(legend_of(view, 0.0)):
        return Response(status=204)
    try:
        if "since" in request.args:
            return _poll_response(view)
        return _sample_response(current_catalog().open(view.key, WAIT_S), view)
    except Importing as importing:
        return _import_page(view, importing.job)
    except ImportFailed as failure:
        return failed_slide(view, failure) if view.play and view.plot else _failure_page(view, failure)


def _poll_response(view: View) -> AnyResponse:
    """The answer to a poll: of the page of an ongoing run, or of the page that shows an import.

    When there is something new, the former gets the page and the latter, which is a fragment, loads the page again.
    """
    if not is_fragment():
        return _live_response(view)
    current_catalog().open(view.key, 0.0)
    return Response(headers={"HX-Refresh": "true"})


def _live_response(view: View) -> AnyResponse:
    if is_live(view.key.run, view.key.dataset) and (unchanged := nothing_new(live_state(current_catalog().freshness(view.key)).version)):
        return unchanged
    return _sample_response(current_catalog().open(view.key, WAIT_S), view)


def _sample_response(sample: OpenSample, view: View) -> Response:
    if (found := found_in_layouts(sample, view)) != view:
        return make_response(redirect(found.address))
    if is_live(view.key.run, view.key.dataset):
        view = view.replace(stamp=sample.version)
    if window := page_window(sample, view):
        view = view.replace(has_window=window.is_online)
    view = with_cell(view)
    if "choices" in request.args:
        return choices_fragment(sample, view)
    if view.slide_s or view.play:
        return slide_page(sample, view)
    if not view.plot:
        return _list_response(sample, view)
    if "series" in request.args:
        return series_fragment(view)
    if "csv" in request.args:
        return csv_response(sample, view)
    if "details" in request.args and (index := sample.names.find(view.plot)) is not None:
        return details_fragment(sample, view, index)
    return plot_page(sample, view)


def _list_response(sample: OpenSample, view: View) -> Response:
    if view.side_by_side:
        return marked_page(sample, view)
    if view.failing:  # of a folder that does not exist an empty list would say that nothing fails
        return failing_page(sample, view) if folder_exists(sample, view) or not view.folder else _redirect_to_existing(sample, view)
    return workspace_response(sample, view) or _folder_page(sample, view)


@pages.post("/browse/<path:place>")
@needs(Role.SHIFTER)
def read_again(place: str) -> AnyResponse:
    """Import a file again that could not be read."""
    view = view_from_request()
    row = find_sample(view.key)
    if row is None:
        raise Problem(404, f"There is no {view.key}")
    retry(row.newest_file.file)
    audit("read again", row.newest_file.url)
    return redirect(view.address, 303)


def _folder_page(sample: OpenSample, view: View) -> Response:
    """A folder, the matches of a search, or only their next tiles."""
    legend = legend_of(view)
    listing = list_view(sample, view, requested_part(TILES_PER_PAGE), legend)
    if not listing.exists and view.folder and not view.is_search:
        return _redirect_to_existing(sample, view)
    is_more = is_fragment() and "from" in request.args
    fragment = "gui/tiles_fragment.html" if is_more else "gui/folder_fragment.html"
    sizes = [(name, view.replace(size=name).address, name == view.size) for name in TILE_SIZES]
    response = page(
        "gui/folder.html",
        fragment,
        listing=listing,
        problem=listing.problem,
        sizes=sizes,
        run_info=None if is_fragment() else run_info(sample, view),
        tile_size=TILE_SIZES[view.size],
        slide_show=view.replace(slide_s=DEFAULT_SLIDE_S).address,
        layout_tiles=listing.layouts,
        choices=only_choices(view, sample),
        other_order=view.replace(failing_first=not view.failing_first).address,
        **frame_of_request(view, sample),
        **({} if is_more else compare_context(view, legend)),
        page_size=TILES_PER_PAGE,
        **marks_context(view, [each.mark for each in listing.tiles]),
    )
    if listing.problem and not is_fragment():
        response.status_code = 400  # while typing the message alone is enough
    return response


def _redirect_to_existing(sample: OpenSample, view: View) -> Response:
    """For a folder that does not exist: the plot of this path, or the folder without slashes around it. Raises Problem 404."""
    if sample.names.find(view.folder) is not None:
        target = view.of_folder(view.folder.rpartition(b"/")[0]).of_plot(view.folder)
    elif view.folder.strip(b"/") != view.folder:
        target = view.replace(folder=view.folder.strip(b"/"))
    else:
        raise Problem(404, f"{view.key} has no folder {text(view.folder)}")
    return make_response(redirect(target.address))


def _import_page(view: View, job: BackgroundJob) -> Response:
    """The progress of an import; the page polls its own address."""
    state = f"{job.state}-{job.attempts}-{job.progress or 0:.2f}-{job.note}"
    if unchanged := nothing_new(state):
        return unchanged
    response = page("gui/importing.html", "gui/importing_fragment.html", job=job, job_state=state, **frame_of_request(view))
    response.status_code = 202
    return response


def _failure_page(view: View, failure: ImportFailed) -> Response:
    if is_fragment():
        return Response(headers={"HX-Refresh": "true"})
    may_retry = current_user().role >= Role.SHIFTER
    values = {"failure": failure, "may_retry": may_retry, "is_postponed": isinstance(failure, ImportPostponed)}
    response = page("gui/failed.html", "gui/failed.html", **values, **sample_frame(view))
    response.status_code = problem_of(failure).status
    return response
