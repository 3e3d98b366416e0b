"""Declaration of the area "Runs"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import runs
from app.core.area import Area, CliCommand, HelpTopic, RunPanel, StatusLine
from app.runs.settings import RunsSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _openapi() -> Mapping[str, Any]:
    from app.runs.openapi import PATHS

    return PATHS


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.runs.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.runs.status import metrics

    return metrics(settings)


def _panel(run: int) -> Mapping[str, Any]:
    from app.runs.panel import panel_values
    from app.web import request_settings

    return panel_values(run, request_settings())


def _help() -> Mapping[str, Any]:
    from app.web import request_settings

    return {"settings": request_settings().of(RunsSettings)}


AREA = Area(
    name="runs",
    title="Runs",
    init_app=runs.init_app,
    openapi=_openapi,
    status=_status,
    metrics=_metrics,
    jobs="jobs.runs",
    commands={"runs": CliCommand("app.cli.runs", "Data"), "simulate-oms": CliCommand("app.cli.simulate_oms", "Run")},
    settings=RunsSettings,
    run_panel=RunPanel("runs/panel.html", _panel),
    help=(HelpTopic("runs", "Facts of runs from OMS and Run Registry", "runs/help.html", _help),),
    roles={"runs_api.show_facts": "viewer", "runs_api.show_lumisections": "viewer", "runs_page.show_facts": "viewer"},
)
