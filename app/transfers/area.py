"""Declaration of the area "File transfer"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app import transfers
from app.core.area import Area, HelpTopic, MenuItem, RunLink
from app.transfers.settings import TransfersSettings


def _openapi() -> Mapping[str, Any]:
    from app.transfers.api.openapi import PATHS

    return PATHS


def _help() -> Mapping[str, Any]:
    from app.transfers.pages.presenters import PROBLEM_BADGES, RUN_BADGES
    from app.web import request_settings

    return {"run_badges": RUN_BADGES, "problem_badges": PROBLEM_BADGES, "settings": request_settings().of(TransfersSettings)}


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
    settings=TransfersSettings,
    help=(HelpTopic("transfers", "File transfer: from the clients to the GUI machines", "transfers/help.html", _help),),
    roles={
        "transfers.show_transfers": "viewer",
        "transfers_run.show_run": "viewer",
        "transfers_run.show_concatenation": "viewer",
        "transfers_host.show_host": "viewer",
        "transfers_api.receive_report": "public",
        "transfers_api.list_runs": "viewer",
        "transfers_api.show_run": "viewer",
        "transfers_api.list_hosts": "viewer",
    },
)
