"""/transfers/hosts/<host>: the processes of the transfer on a host, as they reported themselves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app.security import Role, needs
from app.transfers.hosts import cleanup_rounds, gui_machines, hosts
from app.transfers.pages.overview import disks_of
from app.transfers.pages.presenters import (
    MODE_TITLES,
    PATH,
    TransfersView,
    current_view,
    host_badge,
    polled_page,
    processes_version,
    run_badge,
    transfers_settings,
)
from app.web import Problem, etag_of

blueprint = Blueprint("transfers_host", __name__, url_prefix=f"{PATH}/hosts")

SHOWN_ROUNDS = 20


@blueprint.get("/<host>")
@needs(Role.VIEWER)
def show_host(host: str) -> Response:
    """The processes of a host; 204 for a page that polls and is up to date, 404 if it never reported."""
    version = etag_of(*processes_version(transfers_settings().transfer_silent_s))
    return polled_page("host", version, lambda: _context(current_view(), host, version), host=host)


def _context(view: TransfersView, host: str, version: str) -> dict[str, Any]:
    """The values of the fragment. Raises Problem 404."""
    settings = transfers_settings()
    processes = hosts(settings.transfer_silent_s, host)
    if not processes:
        raise Problem(404, f"The host {host[:100]} has not reported anything of the transfer")
    return {
        "view": view,
        "host": host,
        "processes": processes,
        "disks": [disk for process in processes for disk in disks_of(process, settings.transfer_disk_mark)],
        "gui_machines": [each for each in gui_machines(settings.transfer_silent_s) if each.builder == host],
        "rounds": cleanup_rounds(host, SHOWN_ROUNDS),
        "silent_s": settings.transfer_silent_s,
        "mode_titles": MODE_TITLES,
        "host_badge": host_badge,
        "run_badge": run_badge,
        "poll": view.host(host, since=version),
        "poll_s": settings.transfer_refresh_s,
        "zones": view.zone_links(f"{PATH}/hosts/{host}"),
    }
