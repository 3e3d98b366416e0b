"""The addresses of the older DQM GUI, for scripts and bookmarks that have them: the same as the API, in its shapes.

An ME that is not there is a picture that says so with status 200, and so is a sample that is not there.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response
from werkzeug.datastructures import MultiDict

from app.gui import samples
from app.gui.addresses import unquoted
from app.gui.api import overlays
from app.gui.api.query import given, values
from app.gui.api.v1 import WAIT_S, catalog, content, not_older_than, plots, sample_key, with_sample
from app.gui.plots import overlay
from app.gui.plots.outputs import document
from app.security import Role, needs
from app.web import Problem, cached_json, raw_path
from render.errors import OptionError
from render.options import Options

blueprint = Blueprint("gui_legacy", __name__)

SWITCHES = {"showstats": "stats", "showerrbars": "errors"}
"""Options that are whole numbers here, and what they are in the API."""

_RUN = re.compile(r"(\d{1,9})(?::(\d{1,9}))?", re.ASCII)


@blueprint.get("/data/json/samples")
@needs(Role.VIEWER)
def list_samples() -> Response:
    not_older_than()
    run = _RUN.fullmatch(given().get("run", ""))  # what is no run chooses nothing, as it always did
    found = samples.search(run[1] if run else "", given().get("match", ""), int(run[2] or 0) if run else 0)
    items = [{"run": f"{key.run}:{key.lumi}" if key.lumi else str(key.run), "dataset": key.dataset} for key in found]
    return cached_json({"samples": [{"type": "offline_data", "items": items}]})


@blueprint.get("/data/json/archive/<sample>/<primary>/<processed>/<tier>/", strict_slashes=False)
@blueprint.get("/data/json/archive/<sample>/<primary>/<processed>/<tier>/<path:folder>")
@needs(Role.VIEWER)
def archive(sample: str, primary: str, processed: str, tier: str, folder: str = "") -> Response:
    opened = catalog().open(sample_key(sample, primary, processed, tier), WAIT_S, not_older_than())
    return cached_json({"contents": content(opened, _path(7))})


@blueprint.get("/plotfairy/archive/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def plot(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    return _drawn([overlay.Wanted(sample_key(sample, primary, processed, tier), _path(6))])


@blueprint.get("/plotfairy/overlay")
@needs(Role.VIEWER)
def plot_overlay() -> Response:
    return _drawn(overlay.wanted(values("obj")))


@blueprint.get("/jsrootfairy/archive/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def me_json(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    path = _path(6)
    return with_sample(sample_key(sample, primary, processed, tier), lambda opened: cached_json(document(plots(), opened, path)))


@blueprint.get("/jsrootfairy/overlay")
@needs(Role.VIEWER)
def json_overlay() -> Response:
    return overlays.documents(overlay.wanted(values("obj")))


def _path(skip: int) -> bytes:
    return unquoted(raw_path(skip).split(b"/"))


def _drawn(objects: list[overlay.Wanted]) -> Response:
    try:
        options = Options.from_query(_in_words_of_the_api())
    except OptionError as error:
        field = next((old for old, new in SWITCHES.items() if new == error.field and old in given()), error.field)
        problem = "a whole number is wanted" if field in SWITCHES else error.problem
        raise Problem(400, f"{field}: {problem}", [(field, problem)]) from error
    answer = overlays.drawn(objects, options)
    answer.status_code = 200 if answer.status_code == 404 else answer.status_code
    return answer


def _in_words_of_the_api() -> MultiDict[str, str]:
    query = given().copy()
    for old, new in SWITCHES.items():
        if text := query.get(old):
            query[new] = str(bool(int(text))) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return query
