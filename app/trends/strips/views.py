"""The strip chart of a monitor element: a page, and the fragment that the page of its plot loads when a reader opens it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.gui.current import current_catalog
from app.gui.samples import SampleKey
from app.gui.view import View
from app.gui.view_query import view_of
from app.security import Role, needs
from app.security.caller import actor
from app.trends.custom import store
from app.trends.custom.quantities import BIN, MAX_BIN
from app.trends.custom.requests import StripRequest
from app.trends.errors import RequestLimit
from app.trends.pages.strip_link import STRIP_PATH, strip_link
from app.trends.strips.chart import HEIGHT, WIDTH
from app.trends.strips.choice import MOST_RUNS, StripChoice, read_choice, strip_request
from app.trends.strips.shown import ShownStrip, shown_strip, stored_files
from app.web import Problem, is_fragment, nothing_new, page, request_settings
from app.web.csv_text import csv_text
from app.web.frame import current_url
from app.web.responses import ContentResponse

blueprint = Blueprint("strip_charts", __name__)

POLL_S = 1
WAIT_S = 3
"""Interval in which a panel requests a chart while its reader has as many others computed as are allowed, s."""
FORM_BYTES = 16 * 1024
BROWSE = "/browse/"


@blueprint.get(STRIP_PATH)
@needs(Role.VIEWER)
def show_strip() -> AnyResponse:
    """The chart with the values so far.

    The query chooses: `csv=1` is the table as CSV, `since=` a poll; with `compute=1` a browser requests the missing values at once.
    """
    choice = read_choice(request.args, current_catalog())
    strip = _strip(choice)
    if strip.trend:
        store.note_seen(strip.trend.trend)
    if "csv" in request.args:
        return _csv(strip)
    return nothing_new(strip.version) or _page(choice, strip)


def _strip(choice: StripChoice) -> ShownStrip:
    wanted, runs = strip_request(choice, choice.runs)
    return shown_strip(wanted, runs, store.find_trend(wanted.key), _plot_view(choice))


@blueprint.post(STRIP_PATH)
@needs(Role.VIEWER)
def compute_strip() -> AnyResponse:
    """Compute the values that are missing, and keep those of more runs that are there. It costs a reader little: see MOST_RUNS.

    `instead=` is the chart that the panel showed before, whose computation ends. Readers without an account count by their address.
    """
    request.max_content_length = FORM_BYTES
    choice = read_choice(request.form, current_catalog())
    key = strip_request(choice, choice.runs)[0].key
    wanted, _ = strip_request(choice, stored_files(store.find_trend(key)))
    if (before := request.form.get("instead", "")) != key:
        store.cancel_of(before, StripRequest.kind, actor())
    try:
        store.request_trend(wanted, actor(), request_settings())
    except RequestLimit:
        response = _page(choice, _strip(choice), is_waiting=True)
        if not is_fragment():  # scripts swap no error
            response.status_code = 429
        return response
    return redirect(_address(choice), 303)


def _address(choice: StripChoice, **fields: object) -> str:
    return strip_link(choice.dataset, choice.me, choice.run, **choice.fields, **fields)


def _plot_view(choice: StripChoice) -> View:
    """The view of the page of the plot on which the chart is; a plain one if it is a page of its own."""
    path, _, query = current_url().removeprefix(request.script_root).partition("?")
    if path.startswith(BROWSE):
        with suppress(Problem):
            view = view_of(unquote_to_bytes(path.removeprefix(BROWSE)), query)
            if (view.plot, view.key.dataset) == (choice.me.encode(), choice.dataset):
                return view.replace(diff=False)
    return View(SampleKey(choice.run, 0, choice.dataset)).of_plot(choice.me.encode())


def _page(choice: StripChoice, strip: ShownStrip, *, is_waiting: bool = False) -> Response:
    """The page. is_waiting: it polls until another chart of its reader is complete."""
    return page(
        "trends/strip.html",
        "trends/strip_fragment.html",
        choice=choice,
        strip=strip,
        size=(WIDTH, HEIGHT),
        most_runs=MOST_RUNS,
        most_bin=MAX_BIN,
        of_bin=BIN,
        is_panel=is_fragment(),
        plot=_plot_view(choice).address,
        address=_address(choice),
        poll=_address(choice, since=strip.version),
        poll_s=POLL_S,
        is_waiting=is_waiting,
        wait_s=WAIT_S,
        instead=strip.request.key if strip.is_open else request.args.get("instead", ""),
        csv=_address(choice, csv=1),
        computes_now="compute" in request.args and is_fragment() and bool(strip.missing) and not strip.is_open,
    )


def _csv(strip: ShownStrip) -> Response:
    lines = [(point.run, "" if point.value is None else point.value, point.reason) for point in strip.points]
    response = ContentResponse(csv_text([("run", "value", "reason"), *lines]), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=strip-chart.csv"
    return response
