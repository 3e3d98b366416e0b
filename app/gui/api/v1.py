"""The JSON and image API of the DQM GUI, version 1: the peer's addresses and shapes.

Where the peer answers 500 to bad input this answers 400 in the one error shape; lists come in a fixed order; each
answer has an ETag. A file that changed on disk is noticed at every request; `notOlderThan` decides whether an older list
may serve while the newer one is read.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2
from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import BadRequest

from app.core.database import proxy
from app.gui import samples
from app.gui.addresses import unquoted
from app.gui.api.query import given, parsed, without_time
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.files import register as registering
from app.gui.plots.outputs import DRAWN, document, index_of, sent
from app.gui.plots.parts import Outdated
from app.gui.plots.plots import Plots
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.security import Role, audit, current_user, needs, trusted
from app.web import Problem, cached_json, not_modified, raw_path, request_settings
from render.errors import OptionError
from render.options import Options

blueprint = Blueprint("gui_api", __name__, url_prefix="/api/v1")

WAIT_S = 30.0
"""Longest wait of one API request for a list that is being made."""

SEARCH_LENGTH = 200


def catalog() -> Catalog:
    found: Catalog = current_app.extensions["catalog"]
    return found


def plots() -> Plots:
    found: Plots = current_app.extensions["plots"]
    return found


def sample_key(sample: str, primary: str, processed: str, tier: str) -> SampleKey:
    """The sample that the parts of an address name; raises Problem 400."""
    run, colon, lumi = sample.partition(":")
    return SampleKey(number("run", run), number("lumi", lumi) if colon else 0, f"/{primary}/{processed}/{tier}")


def number(field: str, text: str, least: int = 0) -> int:
    """A whole number of an address; raises Problem 400."""
    digits = text[1:] if text.startswith("-") else text
    if digits.isascii() and digits.isdigit() and least <= int(text) <= registering.LARGEST:
        return int(text)
    problem = f"a whole number from {least} to {registering.LARGEST} is wanted, not {text!r}"
    raise Problem(400, f"{field}: {problem}", [(field, problem)])


def me_path() -> bytes:
    """The path of a folder or an ME, as the end of the address has it."""
    return unquoted(raw_path(skip=7).split(b"/"))


def not_older_than() -> float:
    """The time (Unix s UTC) before which nothing may have been kept that is given; one that is to come means now. Raises Problem 400."""
    text = given().get("notOlderThan", "0")
    if text.isascii() and text.isdigit():
        return min(float(text), time.time())
    problem = "a time in whole seconds since 1970, UTC, is wanted"
    raise Problem(400, f"notOlderThan: {problem}", [("notOlderThan", problem)])


def with_sample(key: SampleKey, make: Callable[[OpenSample], Response]) -> Response:
    """What is made of a sample; made once more when the file was written anew since its list was looked up."""
    newest = not_older_than()
    try:
        return make(catalog().open(key, WAIT_S, newest))
    except Outdated:
        return make(catalog().open(key, WAIT_S, newest))


@blueprint.get("/samples")
@needs(Role.VIEWER)
def list_samples() -> Response:
    not_older_than()
    lumi = number("lumi", given().get("lumi") or "0", least=-1)
    found = samples.search(given().get("run", ""), given().get("dataset", ""), lumi)
    return cached_json({"data": [{"run": run, "lumi": lumi, "dataset": dataset} for run, lumi, dataset in found]})


@blueprint.get("/archive/<sample>/<primary>/<processed>/<tier>/", strict_slashes=False)
@blueprint.get("/archive/<sample>/<primary>/<processed>/<tier>/<path:folder>")
@needs(Role.VIEWER)
def archive(sample: str, primary: str, processed: str, tier: str, folder: str = "") -> Response:
    opened = catalog().open(sample_key(sample, primary, processed, tier), WAIT_S, not_older_than())
    return cached_json({"data": content(opened, me_path())})


def content(opened: OpenSample, path: bytes) -> list[dict[str, Any]]:
    """What a folder holds, or of it what matches the `search` of this request."""
    path, search = path.rstrip(b"/"), given().get("search", "")
    return found(opened, path, search) if search else listed(opened, path)


def listed(opened: OpenSample, path: bytes) -> list[dict[str, Any]]:
    """What a folder holds: subfolders with the number of MEs below them, then its MEs, in byte order."""
    folder = opened.names.folder(path)
    subfolders: list[dict[str, Any]] = [{"subdir": text(sub.name), "me_count": sub.me_count} for sub in folder.subfolders]
    return subfolders + [me(opened, index) for index in folder.mes]


def found(opened: OpenSample, path: bytes, search: str) -> list[dict[str, Any]]:
    """As `listed`, of the MEs alone whose name (without the folder) matches a regular expression somewhere."""
    problem = f"a regular expression of at most {SEARCH_LENGTH} characters is wanted, without back references"
    try:
        if len(search) > SEARCH_LENGTH:
            raise Problem(400, f"search: {problem}", [("search", problem)])
        pattern = re2.compile(search.encode(), _ignoring_case())
    except re2.error as error:
        told = error.args[0].decode(errors="replace")
        raise Problem(400, f"search: {problem}; {told}", [("search", told)]) from None
    folder = opened.names.folder(path)
    data: list[dict[str, Any]] = []
    for sub in folder.subfolders:
        count = sum(1 for index in range(sub.first, sub.last) if pattern.search(opened.names[index].rpartition(b"/")[2]))
        if count:
            data.append({"subdir": text(sub.name), "me_count": count})
    return data + [me(opened, index) for index in folder.mes if pattern.search(opened.names[index].rpartition(b"/")[2])]


def _ignoring_case() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return options


def text(name: bytes) -> str:
    """A name as text; bytes that are no UTF-8 show as replacement characters."""
    return name.decode(errors="replace")


def me(opened: OpenSample, index: int) -> dict[str, Any]:
    path = opened.names[index]
    statuses = [test.status for test in opened.facts.qtests.get(index, ())]
    return {"name": text(path.rpartition(b"/")[2]), "path": text(path), "layout": None, "qtstatuses": statuses}


@lru_cache(maxsize=1024)
def _options(query: bytes) -> Options:
    """The options in the query of an address; the plots of a page all have the same. Raises OptionError."""
    return Options.from_query(parsed(query))


def drawing_options() -> Options:
    """The drawing options of this request; raises Problem 400."""
    try:
        return _options(without_time())
    except OptionError as error:
        raise Problem(400, f"{error.field}: {error.problem}", [(error.field, error.problem)]) from error


@blueprint.get("/render/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def render(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    path, options = me_path(), drawing_options()

    def drawn(opened: OpenSample) -> Response:
        if options.format == "json":
            return cached_json(document(plots(), opened, path))
        if options.format not in DRAWN:
            index_of(opened, path)
        if answer := not_modified(plots().key(opened, path, options)):
            return answer
        return sent(plots().plot(opened, path, options), opened.key, path, options.format)

    return with_sample(sample_key(sample, primary, processed, tier), drawn)


@blueprint.get("/json/<sample>/<primary>/<processed>/<tier>/<path:me>", endpoint="json")
@needs(Role.VIEWER)
def me_json(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    path = me_path()
    return with_sample(sample_key(sample, primary, processed, tier), lambda opened: cached_json(document(plots(), opened, path)))


@blueprint.get("/lumis/<run>/<primary>/<processed>/<tier>")
@needs(Role.VIEWER)
def lumis(run: str, primary: str, processed: str, tier: str) -> Response:
    not_older_than()
    key = sample_key(run, primary, processed, tier)
    catalog().discover(key, WAIT_S)
    return cached_json(samples.lumis_of(key.run, key.dataset))


@blueprint.get("/datasets")
@needs(Role.VIEWER)
def datasets() -> Response:
    not_older_than()
    return cached_json({"datasets": samples.datasets(given().get("search", ""))})


@blueprint.get("/latest_runs")
@needs(Role.VIEWER)
def latest_runs() -> Response:
    not_older_than()
    return cached_json({"runs": samples.latest_runs(given().get("search", ""))})


@blueprint.get("/host")
@needs(Role.VIEWER)
def host() -> Response:
    not_older_than()
    return cached_json({"host": socket.gethostname()})


@blueprint.post("/register")
@needs(Role.PUBLIC)
def register() -> tuple[Response, int]:
    settings = request_settings()
    if not trusted(settings.of(GuiSettings).register_networks) and current_user().role < Role.OPERATOR:
        wanted = "registering files from this network needs the API token of an operator"
        raise Problem(403 if current_user().name else 401, wanted, headers={"WWW-Authenticate": 'Bearer realm="dqmhub"'})
    try:
        document = request.get_json(force=True)
    except (BadRequest, RecursionError):
        raise Problem(400, "Please provide correctly formatted JSON", [("", "the body is not JSON")]) from None
    try:
        entries = registering.from_json(document, settings)
    except Problem as problem:
        audit("register", "nothing", answer=f"{problem.message}: {problem.errors[0]}")
        raise
    with proxy.atomic():
        done = registering.register(entries)
        audit("register", registering.summary(entries), answer=str(done))
    return jsonify(done._asdict() | {"message": "201: Created"}), 201
