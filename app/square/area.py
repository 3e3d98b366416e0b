"""Declaration of the area "DQM^2"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import square
from app.core.area import Area, HelpTopic, MenuItem, RunLink, StatusLine, StatusTable
from app.square.event_source import SquareEvents
from app.square.settings import SquareSettings
from app.square.wall_panels import CLIENTS

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings
    from app.publish.areas import PublishedArea


def _openapi() -> Mapping[str, Any]:
    from app.square.api.openapi import PATHS

    return PATHS


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.square.poller.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.square.poller.status import metrics

    return metrics(settings)


def _status_tables() -> Mapping[str, Any]:
    from app.square.poller.status import status_tables

    return status_tables()


def _run_links(run: int) -> Iterable[RunLink]:
    from app.core.zones import DEFAULT_ZONE
    from app.square.runs import systems_of
    from app.square.systems import SYSTEM_LABELS
    from app.square.view_state import ViewState

    path = f"/square/runs/{run}"
    return [RunLink(f"DQM^2 ({SYSTEM_LABELS[system]})", ViewState(system, DEFAULT_ZONE).link(path)) for system in systems_of(run)]


def _latest_runs(limit: int) -> Iterable[int]:
    from app.square.runs import latest_numbers
    from app.square.systems import PLAYBACK, SYSTEMS

    return [run for system in SYSTEMS if system != PLAYBACK for run in latest_numbers(system, limit)]


def _help() -> Mapping[str, Any]:
    from app.square.states import JOB_BADGES

    return {"badges": JOB_BADGES}


def _published() -> PublishedArea:
    from app.square.published import PUBLISHED

    return PUBLISHED


AREA = Area(
    name="square",
    title="DQM^2",
    init_app=square.init_app,
    menu=(MenuItem("DQM^2", "/square"),),
    run_links=_run_links,
    latest_runs=_latest_runs,
    openapi=_openapi,
    status=_status,
    status_tables=(StatusTable("square/status_tables.html", _status_tables),),
    metrics=_metrics,
    jobs="jobs.square",
    settings=SquareSettings,
    wall_panels=(CLIENTS,),
    published=_published,
    events=SquareEvents(),
    help=(HelpTopic("square", "DQM^2: the jobs of a run", "square/help.html", _help),),
    roles={
        "square.live": "viewer",
        "square.run_page": "viewer",
        "square_figures.run_chart": "viewer",
        "square_figures.statistics": "viewer",
        "square_api.list_runs": "viewer",
        "square_api.one_run": "viewer",
        "square_api.list_files": "viewer",
        "square_api.show_job": "viewer",
        "square_api.show_log": "viewer",
        "square_api.list_hosts": "viewer",
        "square_api.show_player": "viewer",
        "square_api.list_events": "viewer",
        "square_hidden_runs_api.hide": "operator",
        "square_hidden_runs_api.show": "operator",
        "square_legacy.api": "viewer",
        "square_legacy.timeline": "viewer",
        "square_legacy.control": "operator",
        "square_timeline.timeline": "viewer",
        "square_job.job_page": "viewer",
        "square_job.job_chart": "viewer",
        "square_job.acknowledge": "shifter",
        "square_pins.pin": "shifter",
        "square_pins.unpin": "shifter",
        "square_hidden_runs.hide": "operator",
        "square_hidden_runs.show": "operator",
        "square_logs.log_page": "viewer",
        "square_logs.whole_log": "expert",
        "square_logs.log_text": "viewer",
    },
)
