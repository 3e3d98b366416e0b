"""The page of trends over the lumisections of a run: which trends its files have, and the form for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.formats.me_names import MENames
from app.gui.current import current_catalog
from app.gui.errors import GuiError
from app.gui.files.entries import is_live
from app.gui.samples import SampleKey, lumis_of
from app.security import Role, needs
from app.security.caller import current_user
from app.trends.custom import store
from app.trends.custom.form import PATHS, FieldErrors, RequestForm, dataset_error, quantity_errors
from app.trends.custom.metric_list import check_metric, metric_list
from app.trends.custom.requests import LiveRequest, LumisRequest, TrendRequest
from app.trends.custom.views import FORM_BYTES, files_limit, trend_address
from app.trends.errors import InvalidQuery
from app.trends.golden import find_golden
from app.trends.lumis.samples import LumiTrend, file_lumis, lumi_trends
from app.trends.pages.lumis_link import LUMIS_PATH
from app.web import page, request_settings
from app.web.arguments import LARGEST_RUN, parse_int
from app.web.links import link

blueprint = Blueprint("lumi_trends", __name__)

MAX_SHOWN = 200
"""Trends of the list."""
USUAL_FILES = 1000


@dataclass(frozen=True)
class LumiForm(RequestForm):
    """The fields of the form; those of `RequestForm` that choose runs are not used."""

    golden: str = ""
    differences: str = ""
    files: str = str(USUAL_FILES)

    @property
    def run_number(self) -> int | None:
        """The run; None if it is no number."""
        return parse_int(self.run, LARGEST_RUN)


@blueprint.get(LUMIS_PATH)
@needs(Role.VIEWER)
def lumi_form() -> Response:
    """The form, filled in with the fields of the address."""
    return _form_page(LumiForm.of(request.args, files_limit()), {})


@blueprint.post(LUMIS_PATH)
@needs(Role.SHIFTER)
def request_lumis() -> AnyResponse:
    """Compute the trend of a form."""
    request.max_content_length = FORM_BYTES
    form, settings = LumiForm.of(request.form, files_limit()), request_settings()
    if errors := _errors(form):
        response = _form_page(form, dict(errors))
        response.status_code = 400
        return response
    trend = store.request_trend(_request(form), current_user().name, settings)
    return redirect(trend_address(trend.key, form.title), 303)


def _request(form: LumiForm) -> TrendRequest:
    paths = {name: getattr(form, name).strip("/") for name in PATHS}
    if _is_followed(form):
        return LiveRequest(metric=form.metric, dataset=form.dataset, run=form.run_number or 0, **paths)
    return LumisRequest(
        metric=form.metric,
        dataset=form.dataset,
        run=form.run_number or 0,
        golden=form.golden and find_golden(form.golden).hash,
        differences=form.differences == "1",
        files=int(form.files),
        **paths,
    )


def _is_followed(form: LumiForm) -> bool:
    """Whether the run is ongoing, so that its file is replaced by the next snapshot, and has no files of lumisections."""
    run = form.run_number
    return run is not None and is_live(run, form.dataset) and not file_lumis(run, form.dataset)


def _errors(form: LumiForm) -> FieldErrors:
    errors = list(quantity_errors(form))
    if problem := dataset_error(form.dataset):
        errors.append(("dataset", problem))
    if form.run_number is None:
        errors.append(("run", "Expected the number of a run"))
    elif not problem and not _is_followed(form) and not file_lumis(form.run_number, form.dataset):
        errors.append(("run", no_lumis(form.run_number, form.dataset)))
    try:
        if form.golden:
            find_golden(form.golden)
    except InvalidQuery as error:
        errors.append(("golden", str(error)))
    limit = files_limit()
    if not _is_followed(form) and not parse_int(form.files, limit):  # a followed run has one file
        errors.append(("files", f"Expected a whole number from 1 to {limit:,}"))
    return errors


def no_lumis(run: int, dataset: str) -> str:
    """Why a run has no trend over lumisections."""
    if not lumis_of(run, dataset):
        return f"There is no file of run {run} of {dataset}"
    return f"Run {run} of {dataset} has no files of lumisections: its file has the sum of the whole run alone"


def _form_page(form: LumiForm, errors: dict[str, str]) -> Response:
    words = request.args.get("search", "")[:200]
    lumis = file_lumis(form.run_number, form.dataset) if form.run_number is not None and form.dataset else []
    found, note = _trends(form, lumis, words)
    return page(
        "trends/lumis.html",
        "trends/lumis.html",
        form=form,
        errors=errors,
        lumis=lumis,
        is_followed=bool(form.dataset) and _is_followed(form),
        no_lumis=no_lumis(form.run_number, form.dataset)
        if form.run_number is not None and form.dataset and not lumis and not _is_followed(form)
        else "",
        trends=[(trend, _filled(form, trend)) for trend in found[:MAX_SHOWN]],
        left_out=max(0, len(found) - MAX_SHOWN),
        note=note,
        search=words,
        checked=check_metric(form.metric) if form.metric else None,
        metrics=metric_list(),
        limit=files_limit(),
        may_request=current_user().role >= Role.SHIFTER,
    )


def _trends(form: LumiForm, lumis: list[int], words: str) -> tuple[list[LumiTrend], str]:
    """The configured trends that the files have, and why they are not known."""
    if not lumis or form.run_number is None:
        return [], ""
    names: MENames
    try:
        names = current_catalog().open(SampleKey(form.run_number, lumis[0], form.dataset), 0).names
    except (GuiError, OSError) as error:
        return [], str(error)
    return lumi_trends(names, words), ""


def _filled(form: LumiForm, trend: LumiTrend) -> str:
    """The address of the form for a trend."""
    fields: dict[str, Any] = {name: getattr(trend, name) for name in ("metric", *PATHS)}
    kept = {"run": form.run, "dataset": form.dataset, "golden": form.golden, "differences": form.differences}
    return link(LUMIS_PATH, {**kept, **fields, "title": trend.title or trend.name})
