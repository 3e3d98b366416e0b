"""Declaration of the area "File transfer"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import transfers
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, RunLink, StatusLine
from app.transfers.event_source import TransferEvents
from app.transfers.settings import TransfersSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.transfers.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.transfers.status import metrics

    return metrics(settings)


def _openapi() -> Mapping[str, Any]:
    from app.transfers.api.openapi import PATHS

    return PATHS


def _help() -> Mapping[str, Any]:
    from app.transfers.pages.presenters import PROBLEM_BADGES, RUN_BADGES
    from app.transfers.pages.problems import ACTIONS
    from app.web import request_settings

    return {
        "run_badges": RUN_BADGES,
        "problem_badges": PROBLEM_BADGES,
        "actions": ACTIONS,
        "settings": request_settings().of(TransfersSettings),
    }


def _run_links(run: int) -> Iterable[RunLink]:
    from app.transfers.run_links import run_links

    return run_links(run)


AREA = Area(
    name="transfers",
    title="File transfer",
    init_app=transfers.init_app,
    openapi=_openapi,
    menu=(MenuItem("Transfers", "/transfers"),),
    run_links=_run_links,
    status=_status,
    metrics=_metrics,
    jobs="jobs.transfers",
    commands={"transfers": CliCommand("app.cli.transfers", "Data")},
    settings=TransfersSettings,
    events=TransferEvents(),
    help=(HelpTopic("transfers", "File transfer: from the clients to the GUI machines", "transfers/help.html", _help),),
    roles={
        "transfers.show_transfers": "viewer",
        "transfers_run.show_run": "viewer",
        "transfers_run.show_concatenation": "viewer",
        "transfers_host.show_host": "viewer",
        "transfers_api.receive_report": "public",
        "transfers_api.list_runs": "viewer",
        "transfers_api.show_run": "viewer",
        "transfers_api.show_concatenation": "viewer",
        "transfers_api.list_hosts": "viewer",
    },
)
