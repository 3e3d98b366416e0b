"""Pages of requested trends: the form, the trend with the points that it has so far, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.zones import DEFAULT_ZONE
from app.gui.current import current_catalog
from app.queue.models import JobStateError
from app.queue.store import cancel
from app.security import Role, needs
from app.security.caller import current_user
from app.security.subsystems import check_may_edit
from app.trends.custom import keeping, store
from app.trends.custom.form import MAX_TITLE, PATHS, RequestForm, form_errors, form_of
from app.trends.custom.metric_list import check_metric, metric_list
from app.trends.custom.models import RequestedTrend
from app.trends.custom.requests import RunsRequest, TrendRequest
from app.trends.custom.shown import ShownTrend, chart_header, is_point, request_of, shown_trend, strip_address
from app.trends.errors import ConfigError, InvalidQuery, UnknownRequest
from app.trends.pages.lumis_link import LUMIS_PATH, lumis_link
from app.trends.query.packed import MEDIA_TYPE, pack
from app.trends.settings import TrendSettings
from app.web import Problem, is_fragment, nothing_new, page, request_settings
from app.web.arguments import int_arg
from app.web.clock import time_html
from app.web.compression import body_response
from app.web.csv_text import csv_text
from app.web.frame import href
from app.web.links import link
from app.web.responses import ContentResponse

blueprint = Blueprint("requested_trends", __name__)

FORM_BYTES = 64 * 1024
POLL_S = 2
SHOWN_ROWS = 100
LATEST = 20
"""Requested trends that the page of the form lists."""


@blueprint.get("/trends/new")
@needs(Role.VIEWER)
def new_trend() -> Response:
    """The form, filled in with the fields of the address; `choose` names a metric of the list."""
    return _form_page(RequestForm.of(request.args, files_limit()))


@blueprint.post("/trends/new")
@needs(Role.SHIFTER)
def request_trend() -> AnyResponse:
    """Compute the trend of a form."""
    request.max_content_length = FORM_BYTES
    form, settings = RequestForm.of(request.form, files_limit()), request_settings()
    if errors := form_errors(form, settings, current_catalog()):
        response = _form_page(form, dict(errors))
        response.status_code = 400
        return response
    trend = store.request_trend(form.request(), current_user().name, settings)
    return redirect(trend_address(trend.key, form.title), 303)


def files_limit() -> int:
    """Most files that a request may name."""
    return request_settings().of(TrendSettings).trend_request_files


def _form_page(form: RequestForm, errors: dict[str, str] | None = None) -> Response:
    return page(
        "trends/new.html",
        "trends/new.html",
        form=form,
        errors=errors or {},
        checked=check_metric(form.metric) if form.metric else None,
        metrics=metric_list(),
        limit=files_limit(),
        may_request=current_user().role >= Role.SHIFTER,
        latest=list(_latest()),
        tz=DEFAULT_ZONE,
        time=time_html,
    )


def _latest() -> Iterator[tuple[RequestedTrend, TrendRequest, str]]:
    """The trends that were requested last, with their addresses, without those of another version of the product."""
    for trend in store.latest_trends(LATEST):
        with suppress(InvalidQuery):
            yield trend, request_of(trend), trend_address(trend.key)


@blueprint.get("/trends/new/check")
@needs(Role.VIEWER)
def check_expression() -> AnyResponse | str:
    """What is wrong with the expression `metric`, and what its metric does: a part of the page, which scripts request."""
    if not is_fragment():
        return redirect(href("/trends/new"))
    return render_template("trends/checked_metric.html", checked=check_metric(request.args.get("metric", "")))


def _title() -> str:
    """The title of the address, which anybody may write."""
    return request.args.get("title", "")[:MAX_TITLE]


def trend_address(key: str, title: str = "", part: str = "") -> str:
    """The address of a requested trend, or of a part of it."""
    return link(f"/trends/requested/{key}{part}", {"title": title})


def _trend(key: str) -> RequestedTrend:
    trend = store.find_trend(key)
    if trend is None:
        days = request_settings().of(TrendSettings).trend_request_days
        raise UnknownRequest(
            f"There is no requested trend {key[:40]}. It was removed {days} days after somebody looked at it last, or never there"
        )
    return trend


@blueprint.get("/trends/requested/<key>")
@needs(Role.VIEWER)
def requested_trend(key: str) -> AnyResponse:
    """A requested trend with the points that it has so far."""
    trend = _trend(key)
    if strip := strip_address(request_of(trend)):
        return redirect(strip)
    store.note_seen(trend)
    shown = shown_trend(trend, _title())
    if answer := nothing_new(shown.version):
        return answer
    return _trend_page(shown, _title())


def _trend_page(shown: ShownTrend, title: str, keep_problem: str = "", keep_fields: dict[str, str] | None = None) -> Response:
    key, user = shown.trend.key, current_user()
    rows = shown.rows
    shown_rows = rows if request.args.get("rows") == "all" else rows[:SHOWN_ROWS]
    own = [each for each in user.subsystems.split(",") if each]
    fields = keep_fields or keeping.suggested_fields(shown.request, shown.title, own)
    return page(
        "trends/requested.html",
        "trends/requested_fragment.html",
        shown=shown,
        address=trend_address(key, title),
        points=link(f"/trends/requested/{key}/points", {"title": title, "v": shown.trend.version}),
        point=trend_address(key, part="/point"),
        poll=link(f"/trends/requested/{key}", {"title": title, "rows": request.args.get("rows", ""), "since": shown.version}),
        poll_s=POLL_S,
        part=lambda name: trend_address(key, title, f"/{name}"),
        rows=shown_rows,
        left_out=len(rows) - len(shown_rows),
        all_rows=link(f"/trends/requested/{key}", {"title": title, "rows": "all"}),
        change=_change_address(shown, title),
        may_request=user.role >= Role.SHIFTER,
        may_keep=user.role >= Role.EXPERT,
        keep_subsystems=own or keeping.known_subsystems(),
        kept=keeping.kept_as(shown.request),
        keep_fields=fields,
        keep_problem=keep_problem,
    )


def _change_address(shown: ShownTrend, title: str) -> str:
    """The address of the form that asks for the same."""
    if isinstance(shown.request, RunsRequest):
        return link("/trends/new", vars(form_of(shown.request, title)))
    return link(LUMIS_PATH, shown.request.fields | {"title": title, "differences": int(shown.request.fields.get("differences", 0))})


@blueprint.get("/trends/requested/<key>/points")
@needs(Role.VIEWER)
def points(key: str) -> Response:
    """The points of the chart as packed columns."""
    shown = shown_trend(_trend(key), _title())
    response = body_response(pack(chart_header(shown, request_settings())), MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.get("/trends/requested/<key>/points.csv")
@needs(Role.VIEWER)
def points_csv(key: str) -> Response:
    """The points as CSV with a header, in the order of the page."""
    head = ("dataset", "run", "lumisection", "value", "error", "reason")
    lines = [(*row.key, row.value.value, row.value.error, row.value.reason) for row in shown_trend(_trend(key)).rows]
    response = ContentResponse(csv_text([head, *lines]), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename=trend-{key}.csv"
    return response


@blueprint.get("/trends/requested/<key>/point")
@needs(Role.VIEWER)
def point(key: str) -> Response:
    """One point of the chart: `series` is its key there, `run` the run or lumisection."""
    shown = shown_trend(_trend(key))
    number = int_arg("run", 0)
    found = [row for row in shown.rows if is_point(shown, row.key, request.args.get("series", ""), number)]
    if not found:
        raise Problem(404, f"This trend has no point of {'lumisection' if shown.is_over_lumis else 'run'} {number}")
    return page(
        "trends/requested_point.html",
        "trends/requested_point_fragment.html",
        shown=shown,
        row=found[0],
        address=trend_address(key),
        lumis=_lumis_address(shown, found[0].key),
    )


def _lumis_address(shown: ShownTrend, key: store.PointKey) -> str:
    """The address of the form for the same over the lumisections of a run; "" if it has none, or the point is of one."""
    elements = {name: value for name in PATHS if (value := getattr(shown.request, name))}
    return "" if shown.is_over_lumis else lumis_link(key.run, key.dataset, shown.request.metric, elements)


@blueprint.post("/trends/requested/<key>/cancel")
@needs(Role.SHIFTER)
def cancel_request(key: str) -> AnyResponse:
    """Cancel the computation; points so far stay."""
    job = store.job_of(_trend(key))
    if job:
        with suppress(JobStateError):  # it has ended meanwhile
            cancel(job.id)
    return redirect(trend_address(key, _title()), 303)


@blueprint.post("/trends/requested/<key>/again")
@needs(Role.SHIFTER)
def repeat_request(key: str) -> AnyResponse:
    """Compute what is missing: new runs, files that could not be read, and what was not reached before an end."""
    shown = shown_trend(_trend(key))
    store.request_trend(shown.request, current_user().name, request_settings())
    return redirect(trend_address(key, _title()), 303)


@blueprint.post("/trends/requested/<key>/keep")
@needs(Role.EXPERT)
def keep_trend(key: str) -> AnyResponse:
    """Keep the trend as a configuration of a subsystem."""
    request.max_content_length = FORM_BYTES
    title = _title()
    shown = shown_trend(_trend(key), title)
    fields = {name: request.form.get(name, "") for name in ("subsystem", "name", "title", "y_title")}
    check_may_edit(fields["subsystem"].strip())
    try:
        keeping.keep_config(keeping.config_of(shown.request, fields), current_user().name)
    except ConfigError as error:
        response = _trend_page(shown, title, str(error), fields)
        response.status_code = 400
        return response
    return redirect(trend_address(key, title), 303)
