"""Charts and tables of runs at stable addresses, for e-logs and scripts."""

from __future__ import annotations

from flask import Blueprint, Response

from app.security import Role, needs
from app.square import run_files, runs
from app.square.errors import UnknownChart
from app.square.models import Run
from app.square.run_tables import files_table, runs_table
from app.square.view_state import view_from_request
from app.web import etag_of, not_modified
from app.web.arguments import LARGEST_RUN, checked_run, int_arg
from app.web.charts import png, svg
from app.web.csv_text import csv_text
from app.web.responses import ContentResponse

blueprint = Blueprint("square_figures", __name__)

DEFAULT_RUNS, MAX_RUNS = 100, 500
"""Lines of the table of runs."""

TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}


@blueprint.get("/square/runs/<int:run>/<chart>.<form>")
@needs(Role.VIEWER)
def run_chart(run: int, chart: str, form: str) -> Response:
    """A chart of a run as an image, or the table of its files."""
    system = view_from_request().system
    if chart not in run_files.CHARTS or form not in TYPES:
        raise UnknownChart(f"There is no chart {chart}.{form}; charts are {' and '.join(run_files.CHARTS)} as {', '.join(TYPES)}")
    runs.get_run(system, checked_run(run))
    etag = etag_of(system, run, chart, form, run_files.files_version(system, run))
    if response := not_modified(etag):
        return response
    response = ContentResponse(_content(system, run, chart, form), content_type=TYPES[form])
    response.set_etag(etag)
    if form == "csv":
        response.headers["Content-Disposition"] = f'attachment; filename="run{run}-files.csv"'
    return response


def _content(system: str, run: int, chart: str, form: str) -> str | bytes:
    files = run_files.files_of_run(system, run)
    if form == "csv":
        return csv_text(files_table(files))
    figure = run_files.run_figure(run, chart, files)
    return svg(figure) if form == "svg" else png(figure)


@blueprint.get("/square/statistics.csv")
@needs(Role.VIEWER)
def statistics() -> Response:
    """The table of runs from `from` to `to`, newest first, at most `limit`."""
    system = view_from_request().system
    chosen = Run.select().where(runs.is_listed(system), Run.run.between(int_arg("from", 0), int_arg("to", LARGEST_RUN)))
    limit = min(int_arg("limit", DEFAULT_RUNS), MAX_RUNS)
    table = csv_text(runs_table(system, chosen.order_by(Run.run.desc()).limit(limit)))
    response = ContentResponse(table, content_type=TYPES["csv"])
    response.headers["Content-Disposition"] = f'attachment; filename="runs-{system}.csv"'
    return response
