"""The JSON and image API of the DQM GUI, version 1: the addresses and formats of the legacy DQM GUI.

Bad input is answered with 400 in the one error shape; lists have a fixed order; each response has an ETag. A file that
changed on disk is noticed at every request; `notOlderThan` decides whether an older list is used while the newer one is
read.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from app.gui import samples
from app.gui.api.archive import folder_document, places
from app.gui.api.arguments import checked_int, drawing_options, name_value, not_older_than, path_in_address, query_args, sample_key, windows
from app.gui.api.plot_response import plot_response, with_start
from app.gui.catalog.catalog import OpenSample
from app.gui.current import current_catalog, current_plots, current_snapshots
from app.gui.errors import InvalidInput, ListOutdated, UnknownSample
from app.gui.files.entries import Entry, entries_from_json
from app.gui.files.staging import Accepted, register_all
from app.gui.plots.documents import index_of, me_document
from app.gui.plots.plot_parts import PlotPart, with_windows
from app.gui.problems import problem_of
from app.gui.samples import SampleKey
from app.gui.settings import GuiSettings
from app.security import Role, needs
from app.security.audit_log import acting_user
from app.security.guard import check_machine
from app.security.repeated import audit_often
from app.security.throttle import network_of
from app.web import cached_json, not_modified, request_settings
from app.web.json_body import json_body
from render.options import IMAGE_FORMATS

blueprint = Blueprint("gui_api", __name__, url_prefix="/api/v1")

WAIT_S = 30.0
"""Longest wait of one API request for the import of a file."""

MAX_REGISTER_BYTES = 64 << 20
"""Longest body of a call that registers files: `MAX_ENTRIES` entries with paths of about 200 characters."""

PATH_PARTS = 7
"""Parts of an address before the path of a folder or ME."""


def with_sample(key: SampleKey, respond: Callable[[OpenSample], Response]) -> Response:
    """The response made from a sample; made a second time if the file was replaced since its list was looked up."""
    oldest = not_older_than()
    try:
        return respond(current_catalog().open(key, WAIT_S, oldest))
    except ListOutdated:
        return respond(current_catalog().open(key, WAIT_S, oldest))


@blueprint.get("/samples")
@needs(Role.VIEWER)
def list_samples() -> Response:
    """Samples by run and dataset."""
    not_older_than()
    args = query_args()
    lumi = checked_int("lumi", args.get("lumi") or "0", lowest=-1)
    found = samples.search(args.get("run", ""), args.get("dataset", ""), lumi)
    return cached_json({"data": [{"run": run, "lumi": lumi, "dataset": dataset} for run, lumi, dataset in found]})


@blueprint.get("/archive/<sample>/<primary>/<processed>/<tier>/", strict_slashes=False)
@blueprint.get("/archive/<sample>/<primary>/<processed>/<tier>/<path:folder>")
@needs(Role.VIEWER)
def archive(sample: str, primary: str, processed: str, tier: str, folder: str = "") -> Response:
    """The content of a folder."""
    opened = current_catalog().open(sample_key(sample, primary, processed, tier), WAIT_S, not_older_than())
    return cached_json(folder_document(opened, path_in_address(PATH_PARTS), query_args().get("search", "")))


@blueprint.get("/layouts")
@needs(Role.VIEWER)
def layouts() -> Response:
    """The plots of the layouts of a name."""
    not_older_than()
    return cached_json({"data": list(places(name_value()))})


@blueprint.get("/render/<sample>/<primary>/<processed>/<tier>/<path:me>")
@needs(Role.VIEWER)
def render(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    """The plot of a monitor element."""
    path, options, lumis = path_in_address(PATH_PARTS), drawing_options(), windows()

    def respond(opened: OpenSample) -> Response:
        parts = with_windows([PlotPart(opened, path)], lumis, current_snapshots())
        if options.format == "json":
            return with_start(cached_json(me_document(current_plots(), opened, path, parts[0].since)), parts[0])
        if options.format not in IMAGE_FORMATS:
            index_of(opened, path)
        if unchanged := not_modified(current_plots().overlay_key(parts, options)):
            return unchanged
        return with_start(plot_response(current_plots().overlay(parts, options), opened.key, parts[0], options.format), parts[0])

    key = sample_key(sample, primary, processed, tier)
    try:
        return with_sample(key, respond)
    except UnknownSample:
        if options.format not in IMAGE_FORMATS:
            raise
        part = PlotPart(None, path)
        return plot_response(current_plots().overlay([part], options), key, part, options.format)


@blueprint.get("/json/<sample>/<primary>/<processed>/<tier>/<path:me>", endpoint="json")
@needs(Role.VIEWER)
def me_json(sample: str, primary: str, processed: str, tier: str, me: str) -> Response:
    """A monitor element as JSON."""
    path, lumis = path_in_address(PATH_PARTS), windows()

    def respond(opened: OpenSample) -> Response:
        part = with_windows([PlotPart(opened, path)], lumis, current_snapshots())[0]
        return with_start(cached_json(me_document(current_plots(), opened, path, part.since)), part)

    return with_sample(sample_key(sample, primary, processed, tier), respond)


@blueprint.get("/lumis/<run>/<primary>/<processed>/<tier>")
@needs(Role.VIEWER)
def lumis(run: str, primary: str, processed: str, tier: str) -> Response:
    """The lumisections of a run of a dataset."""
    not_older_than()
    key = sample_key(run, primary, processed, tier)
    current_catalog().discover(key, WAIT_S)
    return cached_json(samples.lumis_of(key.run, key.dataset))


@blueprint.get("/datasets")
@needs(Role.VIEWER)
def datasets() -> Response:
    """Names of datasets."""
    not_older_than()
    return cached_json({"datasets": samples.datasets(query_args().get("search", ""))})


@blueprint.get("/latest_runs")
@needs(Role.VIEWER)
def latest_runs() -> Response:
    """The latest runs."""
    not_older_than()
    return cached_json({"runs": samples.latest_runs(query_args().get("search", ""))})


@blueprint.get("/host")
@needs(Role.VIEWER)
def host() -> Response:
    """The name of the host that answers."""
    not_older_than()
    return cached_json({"host": socket.gethostname()})


@blueprint.post("/register")
@needs(Role.PUBLIC)
def register() -> tuple[Response, int]:
    """Register files, for trusted networks and operators."""
    check_machine(request_settings().of(GuiSettings).register_networks, "Registering files")
    entries = _posted_entries()
    done = register_all(entries)
    if isinstance(done, Accepted):
        message = f"202: Accepted; all {len(entries)} files are stored, one after another, by background job {done.job}"
        return jsonify({"message": message, "job": done.job}), 202
    return jsonify(done._asdict() | {"message": "201: Created"}), 201


def _posted_entries() -> list[Entry]:
    request.max_content_length = MAX_REGISTER_BYTES
    document = json_body("Please provide correctly formatted JSON", any_type=True)
    try:
        return entries_from_json(document, request_settings())
    except InvalidInput as error:
        address = request.remote_addr or ""
        answer = f"{error.message}: {problem_of(error).errors[0]}"
        audit_often("register", "nothing", address, answer, sender=f"{acting_user()}@{network_of(address)}")
        raise
