"""The pages of a run: clients by host, concatenations, merges and deliveries; and of one concatenation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template

from app.core.database import rows
from app.security import Role, needs
from app.transfers import kinds
from app.transfers.clients import ClientTransfers
from app.transfers.hosts import hosts
from app.transfers.models import TransferRun
from app.transfers.pages.other_areas import job_addresses, shared_elements
from app.transfers.pages.presenters import (
    MODE_TITLES,
    PATH,
    TransfersView,
    current_view,
    open_problems,
    polled_page,
    run_badge,
    silent_version,
    transfers_settings,
)
from app.transfers.products import ConcatenationFacts, DeliveryFacts, concatenations, deliveries, merges
from app.transfers.runs import run as find_run
from app.transfers.runs import run_version
from app.web import Problem, etag_of
from app.web.arguments import checked_run
from app.web.badges import Badge

blueprint = Blueprint("transfers_run", __name__, url_prefix=f"{PATH}/runs")

SHOWN_CONCATENATIONS = 20


@blueprint.get("/<int:run>")
@needs(Role.VIEWER)
def show_run(run: int) -> Response:
    """A run; 204 for a page that polls and is up to date, 404 if nothing was reported of it."""
    neighbours = _neighbours(checked_run(run))
    version = etag_of(run_version(run), *neighbours, silent_version(transfers_settings().transfer_silent_s))
    return polled_page("run", version, lambda: _context(current_view(), run, neighbours, version), run=run)


def _context(view: TransfersView, run: int, neighbours: tuple[int | None, int | None], version: str) -> dict[str, Any]:
    settings, found = transfers_settings(), find_run(run)
    newest = concatenations(run, SHOWN_CONCATENATIONS + 1)
    return {
        "view": view,
        "run": run,
        "before": neighbours[0],
        "after": neighbours[1],
        "stages": found.hosts,
        "silent": {(each.host, each.mode) for each in hosts(settings.transfer_silent_s) if each.is_silent},
        "is_ongoing": found.state == kinds.ONGOING,
        "clients": found.clients,
        "missing": sum(bool(client.missing) for client in found.clients),
        "problems": open_problems(found.problems),
        "jobs": job_addresses(run, found.clients, view.tz),
        "concatenations": newest,
        "shared_elements": shared_elements(run, newest[0].examples, view.tz) if newest else [],
        "most_concatenations": SHOWN_CONCATENATIONS,
        "merges": merges(run),
        "deliveries": _shown_deliveries(deliveries(run)),
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
    row = _find_concatenation(run, number)
    view = current_view()
    shared = shared_elements(run, row.examples, view.tz)
    zones = view.zone_links(f"{PATH}/runs/{run}/concatenations/{number}")
    return render_template("transfers/concatenation.html", view=view, run=run, row=row, zones=zones, shared_elements=shared)


def client_badge(client: ClientTransfers) -> Badge:
    """The state of a client: whether its files arrive."""
    if client.missing:
        return Badge("error", "error", "missing")
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
    return Badge("warning", "run", "copied" if delivery.copied else "waiting")


def _find_concatenation(run: int, number: int) -> ConcatenationFacts:
    """A concatenation of a run. Raises UnknownTransferRun, and Problem 404."""
    for each in concatenations(find_run(run).run):
        if each.number == number:
            return each
    raise Problem(404, f"Run {run} has no concatenation {number}: those older than the newest 200 are not kept")


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
