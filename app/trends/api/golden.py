"""/api/v1/trends/golden: golden JSON files for scripts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.security import Role, needs
from app.trends.golden.content import MAX_BYTES, TOO_LARGE
from app.trends.golden.models import GoldenList
from app.trends.golden.store import find_golden, runs_of, store_golden
from app.trends.rules.store import used_golden
from app.web import Problem, cached_json

blueprint = Blueprint("golden_api", __name__, url_prefix="/api/v1/trends/golden")


@blueprint.post("")
@needs(Role.VIEWER)
def store() -> Response:
    """Store the golden JSON in the body; the same content has the same hash."""
    request.max_content_length = MAX_BYTES + 100_000
    try:
        data = request.get_data()
    except RequestEntityTooLarge:
        raise Problem(413, f"file: {TOO_LARGE}", [("file", TOO_LARGE)]) from None
    row = store_golden(data, keep=used_golden())
    answer = cached_json(golden_json(row), 201)
    answer.headers["Location"] = f"{request.script_root}/api/v1/trends/golden/{row.hash}"
    return answer


@blueprint.get("/<digest>")
@needs(Role.VIEWER)
def show(digest: str) -> Response:
    """A golden JSON by its hash, or by at least 12 digits of it."""
    row = find_golden(digest)
    ranges = {str(run): found for run, found in runs_of(row).items()}
    return cached_json({**golden_json(row), "ranges": ranges})


def golden_json(row: GoldenList) -> dict[str, Any]:
    """A list without its ranges."""
    return {"hash": row.hash, "runs": row.runs, "lumisections": row.lumis, "choice": f"golden:{row.hash}"}
