"""The pages of a run: clients by host, concatenations, merges and deliveries; and of one concatenation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template

from app.core.database import rows
from app.security import Role, needs
from app.transfers import kinds
from app.transfers.clients import ClientTransfers
from app.transfers.hosts import gui_machines, hosts
from app.transfers.models import TransferRun
from app.transfers.pages.arrival import arrivals, gui_contents, is_delivered, steps
from app.transfers.pages.other_areas import job_addresses, shared_elements
from app.transfers.pages.presenters import (
    MODE_TITLES,
    PATH,
    TransfersView,
    current_view,
    is_stale,
    late_s,
    polled_page,
    run_badge,
    silent_version,
    transfers_settings,
)
from app.transfers.pages.problems import open_problems
from app.transfers.pages.processes import active_units, lives
from app.transfers.products import DeliveryFacts, concatenation, concatenations, deliveries, merges
from app.transfers.runs import RunHost, lasting_problems, run_version
from app.transfers.runs import run as find_run
from app.web import etag_of
from app.web.arguments import checked_run
from app.web.badges import Badge

blueprint = Blueprint("transfers_run", __name__, url_prefix=f"{PATH}/runs")

SHOWN_CONCATENATIONS = 20


@blueprint.get("/<int:run>")
@needs(Role.VIEWER)
def show_run(run: int) -> Response:
    """A run; 204 for a page that polls and is up to date, 404 if nothing was reported of it."""
    neighbours = _neighbours(checked_run(run))
    settings = transfers_settings()
    version = etag_of(
        run_version(run), *neighbours, is_stale(run, late_s(settings)), silent_version(settings.transfer_silent_s), lasting_problems([0])
    )
    return polled_page("run", version, lambda: _context(current_view(), run, neighbours, version), run=run)


def _context(view: TransfersView, run: int, neighbours: tuple[int | None, int | None], version: str) -> dict[str, Any]:
    settings, found, now = transfers_settings(), find_run(run), time.time()
    newest, delivered, merged = concatenations(run, SHOWN_CONCATENATIONS + 1), deliveries(run), merges(run)
    contents = gui_contents(run, _gui_machines(found.hosts, delivered, settings.transfer_silent_s), delivered, merged)
    processes = hosts(settings.transfer_silent_s)
    is_ongoing = found.state == kinds.ONGOING
    late_since = now - late_s(settings) if is_ongoing else 0.0
    return {
        "steps": steps(found.clients, newest[0] if newest else None, contents, found.began, late_since) if is_ongoing else [],
        "arrivals": arrivals(found.clients, contents, late_since),
        "now": now,
        "view": view,
        "run": run,
        "before": neighbours[0],
        "after": neighbours[1],
        "stages": found.hosts,
        "units": active_units(found.hosts, processes),
        "reporting": {each.host for each in processes},
        "lives": lives(run, found.clients, processes),
        "silent": {(each.host, each.mode) for each in processes if each.is_silent},
        "is_ongoing": is_ongoing,
        "clients": found.clients,
        "missing": sum(bool(client.missing) for client in found.clients),
        "problems": open_problems(found.problems),
        "jobs": job_addresses(run, found.clients, view.tz),
        "concatenations": newest,
        "shared_elements": shared_elements(run, newest[0].examples, view.tz) if newest else [],
        "most_concatenations": SHOWN_CONCATENATIONS,
        "merges": merged,
        "deliveries": _shown_deliveries(delivered),
        "client_badge": client_badge,
        "delivery_badge": delivery_badge,
        "run_badge": run_badge,
        "mode_titles": MODE_TITLES,
        "poll": view.run(run, since=version),
        "poll_s": settings.transfer_refresh_s,
        "zones": view.zone_links(f"{PATH}/runs/{run}"),
    }


@blueprint.get("/<int:run>/concatenations/<int:number>")
@needs(Role.VIEWER)
def show_concatenation(run: int, number: int) -> str:
    """What went into a concatenation, and what was left out."""
    row = concatenation(run, number)
    view = current_view()
    shared = shared_elements(run, row.examples, view.tz)
    zones = view.zone_links(f"{PATH}/runs/{run}/concatenations/{number}")
    return render_template("transfers/concatenation.html", view=view, run=run, row=row, zones=zones, shared_elements=shared)


def client_badge(client: ClientTransfers) -> Badge:
    """The state of a client: whether its files arrive."""
    if client.missing:
        return Badge("error", "error", "missing")
    if client.waits_since:
        return Badge("error", "error", "waits")
    if client.error:
        return Badge("warning", "warning", "not sent")
    if client.root_sent:
        return Badge("idle", "ok", "complete")
    return Badge("ok", "ok", "sent") if client.snapshots else Badge("unsure", "unsure", "no file yet")


def delivery_badge(delivery: DeliveryFacts) -> Badge:
    """How far a delivery is."""
    if delivery.error:
        return Badge("error", "error", "failed")
    if delivery.registered:
        return Badge("ok", "ok", "registered")
    if is_delivered(delivery):
        return Badge("ok", "ok", "copied", "It needs no registration: the machine has no hub, or a later version of the run is registered.")
    return Badge("warning", "run", "waiting")


def _gui_machines(found: Sequence[RunHost], delivered: Sequence[DeliveryFacts], silent_s: float) -> set[str]:
    """The GUI machines that get the files of a run: those of its builder units, else those that got some."""
    builders = {each.host for each in found if each.mode == kinds.BU}
    return {each.name for each in gui_machines(silent_s) if each.builder in builders} or {each.gui_machine for each in delivered}


def _shown_deliveries(found: Sequence[DeliveryFacts]) -> list[DeliveryFacts]:
    """Of each GUI machine its newest concatenation, the merged files, and what failed without a newer one that did not.

    Args:
        found: By GUI machine, the newest first.
    """
    shown: list[DeliveryFacts] = []
    seen: set[tuple[str, str]] = set()
    arrived: set[tuple[str, str]] = set()
    for each in found:
        kind = each.gui_machine, each.what
        has_failed = bool(each.error) and kind not in arrived
        if kind not in seen or has_failed or each.what == kinds.MERGED_FILE:
            shown.append(each)
        seen.add(kind)
        if not each.error:
            arrived.add(kind)
    return shown


def _neighbours(run: int) -> tuple[int | None, int | None]:
    """The runs before and after a run."""
    number = TransferRun.run
    before = rows(TransferRun.select(number).where(number < run).order_by(number.desc()).limit(1))
    after = rows(TransferRun.select(number).where(number > run).order_by(number).limit(1))
    return (before[0][0] if before else None), (after[0][0] if after else None)
