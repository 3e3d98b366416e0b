"""The home page with the search for runs and datasets, the help, and the text of a problem report."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Mapping
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote, unquote

from flask import Blueprint, Response, abort, current_app, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.core.area import HelpTopic
from app.core.version import VERSION
from app.core.zones import time_text
from app.gui import samples
from app.gui.api.old_links import home_target
from app.gui.catalog.alarms import Alarms, alarms_of
from app.gui.samples import SampleKey
from app.gui.view import ALARMS, View
from app.home.current_run import now_fragment
from app.home.datasets import datasets_page
from app.security import Role, needs
from app.security.guard import local_address
from app.square.view_state import old_bookmark
from app.web import is_fragment, page, request_settings
from app.web.fragment_cache import fragment_response
from app.web.frame import href

pages = Blueprint("home", __name__)

_SQUARE_RUN = re.compile(r"/square/runs/(\d+)|/square/(?:job|log)\b.*[?&]key=[^&]*?-run(\d+)")

MAX_SAMPLES = 200
"""Samples in the results of a search."""


@pages.get("/")
@needs(Role.VIEWER)
def index() -> AnyResponse:
    """The latest runs with their datasets, or the results of a search; for a poll (`since=`) the part "Now".

    Old links of DQM^2 (`db=`) and of the DQM GUI lead on.
    """
    if "db" in request.args:
        return redirect(old_bookmark())
    if target := home_target():
        return redirect(target)
    if "since" in request.args and is_fragment():
        return _now_response()
    run, dataset, lumi = (request.args.get(name, "").strip() for name in ("run", "dataset", "lumi"))
    per_lumi = request.args.get("lumis") == "1"
    found = _lumis(run, dataset, lumi) if per_lumi else _runs(run, dataset)
    runs = [(number, list(links)) for number, links in groupby(found[:MAX_SAMPLES], key=lambda link: link.run)]
    dates = samples.registered_at(number for number, _ in runs)
    return page(
        "home/index.html",
        "home/index_fragment.html",
        run=run,
        dataset=dataset,
        lumi=lumi,
        per_lumi=per_lumi,
        runs=runs,
        dates={number: time_text(at, "%Y-%m-%d %H:%M") for number, at in dates.items()},
        now=None if is_fragment() else _now(),
        count=min(len(found), MAX_SAMPLES),
        complete=len(found) <= MAX_SAMPLES,
        live=[View(SampleKey(0, 0, name)).address for name in samples.datasets_of(0)[:1]],
    )


def _now() -> Markup:
    fragment = now_fragment()
    return Markup(fragment.plain.decode()) if fragment else Markup()


def _now_response() -> Response:
    """The answer to a poll."""
    fragment = now_fragment()
    return fragment_response(fragment) if fragment else Response(status=204)


class SampleLink(NamedTuple):
    """A row of the results."""

    run: int
    dataset: str
    address: str
    lumis: str = ""  # the matching lumisections in words; "" for a whole run
    alarms: tuple[tuple[str, int, str], ...] = ()  # of quality tests: kind, number of plots, address of their list; () if unknown


def _runs(run: str, dataset: str) -> list[SampleLink]:
    """The samples that match, those of the ongoing run first."""
    ongoing = samples.ongoing(dataset) if run in ("", "0") else []
    found = ongoing + [key for key in samples.runs(run, dataset, limit=MAX_SAMPLES + 1) if key.run]
    alarms = alarms_of({key.run for key in found})
    return [SampleLink(key.run, key.dataset, View(key).address, alarms=_alarm_links(key, alarms)) for key in found]


def _alarm_links(key: SampleKey, alarms: Mapping[tuple[int, str], Alarms]) -> tuple[tuple[str, int, str], ...]:
    counts = None if key.lumi else alarms.get((key.run, key.dataset))
    if counts is None:
        return ()
    return tuple((kind, count, View(key, status=kind).address) for kind, count in zip(ALARMS, counts, strict=True))


def _lumis(run: str, dataset: str, lumi: str) -> list[SampleLink]:
    found = []
    for number, name, count, first, last in samples.lumi_ranges(run, dataset, lumi, limit=MAX_SAMPLES + 1):
        text = f"lumisection {first}" if count == 1 else f"{count:,} lumisections, {first} to {last}"
        found.append(SampleLink(number, name, View(SampleKey(number, first, name)).address, text))
    return found


def _topics() -> dict[str, HelpTopic]:
    """The help pages of all areas by their names."""
    return {topic.name: topic for area in current_app.extensions["areas"] for topic in area.help}


@pages.get("/datasets")
@needs(Role.VIEWER)
def datasets() -> AnyResponse:
    """The choice of a dataset in steps."""
    return datasets_page()


@pages.get("/help")
@needs(Role.VIEWER)
def help_page() -> Response:
    """The overview of the help."""
    return page("home/help.html", "home/help.html", topics=_topics())


@pages.get("/help/<name>")
@needs(Role.VIEWER)
def help_topic(name: str) -> Response:
    """The help page of an area."""
    topics = _topics()
    if name not in topics:
        abort(404, f"There is no help on {name}; topics: {', '.join(topics)}.")
    template = topics[name].template
    return page(template, template, topics=topics, **topics[name].context())


@pages.get("/help/report")
@needs(Role.VIEWER)
def report() -> Response:
    """The text of a problem report, with the technical details filled in."""
    origin = request.args.get("from", "")
    address = origin if local_address(origin) == origin else href("/")
    text = _report_text(address)
    hub = request_settings()
    link = hub.problem_url
    if link.startswith("mailto:"):
        link += f"?subject={quote('Problem with ' + hub.instance_name)}&body={quote(text)}"
    return page("home/report.html", "home/report.html", text=text, link=link, back=address)


def _report_text(address: str) -> str:
    """The text of a report on the page at `address`."""
    lines = [
        f"Instance: {request_settings().instance_name} ({request.host})",
        f"Version: DQM Hub {VERSION}, Python {platform.python_version()}",
        f"Address: {request.host_url.rstrip('/')}{address}",
        f"Run: {_run_of(address)}",
        f"Browser: {request.user_agent.string}",
        f"Time: {time_text(time.time())}",
        "",
        "What I did:",
        "",
        "What I expected:",
        "",
        "What I saw:",
        "",
    ]
    return "\n".join(lines)


def _run_of(address: str) -> str:
    """Run and dataset in the address of a page of a sample, run of a DQM^2 page; "none" for other pages."""
    parts = address.partition("?")[0].removeprefix(request.script_root).split("/")
    if found := _SQUARE_RUN.search(unquote(address)):
        return f"{found[1] or found[2]} of DQM^2"
    return f"{parts[2]} of /{'/'.join(parts[3:6])}" if parts[1:2] == ["browse"] and len(parts) >= 6 else "none"
