"""The pages of golden JSON files: upload, and the runs of one with their lumisections."""

from __future__ import annotations

from contextlib import closing

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.trends.golden.content import MAX_BYTES, TOO_LARGE, lumi_count, ranges_text
from app.trends.golden.errors import InvalidGolden
from app.trends.golden.store import UNUSED_DAYS, find_golden, latest_lists, runs_of, store_golden
from app.trends.rules.store import used_golden
from app.web.arguments import int_arg
from app.web.clock import time_html

blueprint = Blueprint("golden", __name__, url_prefix="/trends/golden")

MAX_FORM_BYTES = 2 * MAX_BYTES + 100_000
"""A file and a text of the largest size; a larger file has a message of its own."""
LISTS = 50
PAGE_RUNS = 200


@blueprint.get("")
@needs(Role.VIEWER)
def upload_form() -> Response:
    """The form to upload a golden JSON, and the latest ones."""
    return _form_page()


@blueprint.post("")
@needs(Role.VIEWER)
def upload() -> AnyResponse:
    """Store the file or the text of the form."""
    request.max_content_length = request.max_form_memory_size = MAX_FORM_BYTES
    try:
        text, name = request.form.get("text", ""), ""
    except RequestEntityTooLarge:
        return _form_page("", [("file", TOO_LARGE)], 413)
    data = text.encode()
    if (file := request.files.get("file")) and file.filename:
        with closing(file):  # werkzeug keeps a large one in a temporary file
            data, name = file.read(), file.filename
    try:
        row = store_golden(data, name, used_golden())
    except InvalidGolden as error:
        return _form_page(text, error.fields, 400)
    return redirect(url_for("golden.show", digest=row.hash), 303)


@blueprint.get("/<digest>")
@needs(Role.VIEWER)
def show(digest: str) -> str:
    """The runs of a golden JSON with their lumisections."""
    row = find_golden(digest)
    runs = list(runs_of(row).items())
    number = int_arg("page", 1, len(runs) // PAGE_RUNS + 1) or 1
    first = (number - 1) * PAGE_RUNS
    return render_template(
        "trends/golden_list.html",
        row=row,
        runs=[(run, ranges_text(ranges), lumi_count(ranges)) for run, ranges in runs[first : first + PAGE_RUNS]],
        first=first + 1,
        page=number,
        has_more=first + PAGE_RUNS < len(runs),
        unused_days=UNUSED_DAYS,
        time_html=time_html,
    )


def _form_page(text: str = "", problems: list[tuple[str, str]] | None = None, status: int = 200) -> Response:
    page = render_template(
        "trends/golden.html",
        text=text,
        problems=problems or [],
        lists=latest_lists(LISTS),
        max_bytes=MAX_BYTES,
        unused_days=UNUSED_DAYS,
        time_html=time_html,
    )
    return make_response(page, status)
