"""Declaration of the stub area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app.core.area import Area, CliCommand, HelpTopic, MenuItem, RunLink, RunPanel, StatusLine
from tests.areas.stub.events import StubEvents
from tests.areas.stub.settings import StubSettings

if TYPE_CHECKING:
    from flask import Flask
    from prometheus_client import Metric

    from app.core.settings import Settings
    from app.publish.areas import PublishedArea


def _init_app(app: Flask) -> None:
    from tests.areas.stub.views import blueprint

    app.register_blueprint(blueprint)


def _openapi() -> Mapping[str, Any]:
    from app.web.openapi import COUNT, get_operation

    return {"/api/v1/stub": get_operation("Number of visits.", [], "A number.", COUNT)}


def _status(settings: Settings) -> Iterable[StatusLine]:
    from tests.areas.stub.models import Visit

    yield StatusLine("stub visits", "ok", f"{Visit.select().count()} visits")


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.core.metrics import gauge
    from tests.areas.stub.models import Visit

    yield gauge("dqmhub_stub_visits", "Visits", [({"page": 'the "stub" page'}, Visit.select().count())])


def _published() -> PublishedArea:
    from tests.areas.stub.published import PUBLISHED

    return PUBLISHED


def _run_links(run: int) -> Iterable[RunLink]:
    return [RunLink(f"Visits of run {run}", "/stub")]


def _run_panel(run: int) -> Mapping[str, Any]:
    from tests.areas.stub.models import Visit

    return {"visits": Visit.select().count()}


def _latest_runs(limit: int) -> Iterable[int]:
    return [8][:limit]


AREA = Area(
    name="stub",
    title="Stub",
    init_app=_init_app,
    menu=(MenuItem("Stub area", "/stub"),),
    roles={"stub.visits": "viewer", "stub.visits_api": "viewer"},
    openapi=_openapi,
    status=_status,
    metrics=_metrics,
    jobs="tests.areas.stub.jobs",
    commands={"stub": CliCommand("tests.areas.stub.commands", "Maintenance")},
    settings=StubSettings,
    help=(HelpTopic("stub", "Stub area", "stub/help.html"),),
    events=StubEvents(),
    run_links=_run_links,
    run_panel=RunPanel("stub/panel.html", _run_panel),
    latest_runs=_latest_runs,
    published=_published,
)
