"""/transfers/hosts/<host>: the processes of the transfer on a host, as they reported themselves."""

from __future__ import annotations

from flask import Blueprint, Response

from app.security import Role, needs
from app.transfers.hosts import cleanup_rounds, hosts
from app.transfers.pages.overview import disks_of
from app.transfers.pages.presenters import (
    MODE_TITLES,
    PATH,
    current_view,
    host_badge,
    processes_version,
    run_badge,
    transfers_settings,
)
from app.web import Problem, etag_of, nothing_new, page

blueprint = Blueprint("transfers_host", __name__, url_prefix=f"{PATH}/hosts")

SHOWN_ROUNDS = 20


@blueprint.get("/<host>")
@needs(Role.VIEWER)
def show_host(host: str) -> Response:
    """The processes of a host; 204 for a page that polls and is up to date, 404 if it never reported."""
    view, settings = current_view(), transfers_settings()
    version = etag_of(*processes_version(settings.transfer_silent_s))
    if answer := nothing_new(version):
        return answer
    processes = hosts(settings.transfer_silent_s, host)
    if not processes:
        raise Problem(404, f"The host {host[:100]} has not reported anything of the transfer")
    return page(
        "transfers/host.html",
        "transfers/host_fragment.html",
        view=view,
        host=host,
        processes=processes,
        disks=[disk for process in processes for disk in disks_of(process, settings.transfer_disk_mark)],
        rounds=cleanup_rounds(host, SHOWN_ROUNDS),
        silent_s=settings.transfer_silent_s,
        mode_titles=MODE_TITLES,
        host_badge=host_badge,
        run_badge=run_badge,
        poll=view.host(host, since=version),
        poll_s=settings.transfer_refresh_s,
        zones=view.zone_links(f"{PATH}/hosts/{host}"),
    )
