"""The charts of a run at stable addresses, for e-logs and scripts."""

from __future__ import annotations

from flask import Blueprint, Response

from app.security import Role, needs
from app.square import charts, runs
from app.square.models import Run
from app.square.statistics import COLUMNS, csv_text, of_files, of_run
from app.square.view_state import view_from_request
from app.web import Problem, etag_of, not_modified
from app.web.arguments import checked_run, int_arg
from app.web.charts import png, svg

blueprint = Blueprint("square_figures", __name__)

RUNS, MOST_RUNS = 100, 500
"""Lines of one table of runs: when nothing is said, and at most."""

TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@blueprint.get("/square/runs/<int:run>/<chart>.<form>")
@needs(Role.VIEWER)
def run_chart(run: int, chart: str, form: str) -> Response:
    """The delay of the files of a run, or their accepted events, over lumisections."""
    place = view_from_request()
    if chart not in charts.CHARTS or form not in TYPES:
        raise Problem(404, f"there is no {chart}.{form} of a run; there is {' and '.join(charts.CHARTS)} as {', '.join(TYPES)}")
    if runs.find(place.system, checked_run(run)) is None:
        raise Problem(404, f"run {run} is not known in {place.system}")
    etag = etag_of(place.system, run, chart, form, charts.version(place.system, run))
    if same := not_modified(etag):
        return same
    known = charts.files(place.system, run)
    if form == "csv":
        body: str | bytes = csv_text(of_files(known))
    else:
        drawn = charts.figure(run, chart, known)
        body = svg(drawn) if form == "svg" else png(drawn)
    answer = Response(body, content_type=TYPES[form])
    answer.set_etag(etag)
    if form == "csv":
        answer.headers["Content-Disposition"] = f'attachment; filename="run{run}-files.csv"'
    return answer


@blueprint.get("/square/statistics.csv")
@needs(Role.VIEWER)
def statistics() -> Response:
    """Runs summed up, the newest first: those from `from` to `to`, at most `limit`."""
    place = view_from_request()
    chosen = Run.select().where(Run.system == place.system, Run.run.between(int_arg("from", 0), int_arg("to", 2**62)))
    table = [of_run(place.system, run) for run in chosen.order_by(Run.run.desc()).limit(min(int_arg("limit", RUNS), MOST_RUNS))]
    answer = Response(csv_text([COLUMNS, *table]), content_type=TYPES["csv"])
    answer.headers["Content-Disposition"] = f'attachment; filename="runs-{place.system}.csv"'
    return answer
