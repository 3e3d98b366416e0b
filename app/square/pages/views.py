"""The pages of a run: live, or an older one; what a shifter says of a crash."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, current_user, needs
from app.square import charts, runs
from app.square.models import SYSTEMS, Run
from app.square.pages.pins import pin_of
from app.square.pages.situation import is_current, situation, token
from app.square.player import player
from app.square.settings import SquareSettings
from app.square.states import LOOKS
from app.square.view_state import ViewState, view_from_request
from app.web import Problem, is_fragment, page, request_settings
from app.web.arguments import checked_run
from app.web.clock import ZONES
from app.web.fragment_cache import answer, fragments

pages = Blueprint("square", __name__)


@pages.get("/square")
@needs(Role.VIEWER)
def live() -> AnyResponse:
    """The newest run, always. An address of the older mirror (`?run=N&db=`) leads to the page that shows the same."""
    if "run" in request.args or "db" in request.args:
        return redirect(old_bookmark())
    return _show(view_from_request(), None)


@pages.get("/square/runs/<int:run>")
@needs(Role.VIEWER)
def run_page(run: int) -> Response:
    """One run."""
    return _show(view_from_request(), checked_run(run))


def old_bookmark() -> str:
    """Where an address of the older mirror leads: `?run=` and `?db=`."""
    run, system = request.args.get("run", ""), request.args.get("db", SYSTEMS[0])
    place = ViewState(system if system in SYSTEMS else SYSTEMS[0], "cern")
    return place.link(f"/square/runs/{run}" if run.isascii() and run.isdecimal() and len(run) < 19 else "/square")


def _show(place: ViewState, wanted: int | None) -> Response:
    """A page, its fragment for a poll, or 204 to a poll of a page that shows all there is.

    The fragment is the same for everybody, so it is made once for all who ask within a second.
    """
    now = runs.asked(place.system, wanted or 0)
    if "since" in request.args and is_current(request.args["since"], now, wanted):
        return Response(status=204)
    number = now.newest if wanted is None else wanted
    run = runs.find(place.system, number) if number is not None else None
    if run is None and wanted is not None:
        raise Problem(404, f"run {wanted} is not known in {place.system}: no job and no file of it was reported, or it was cleaned up")

    def make() -> str:
        return render_template("square/run_fragment.html", **_context(place, run, wanted, now))

    made = fragments().get((request.script_root, place, wanted, now), make)
    if is_fragment():
        return answer(made)
    context: dict[str, Any] = {"place": place, "run": run, "now": Markup(made.plain.decode())}
    if wanted is not None:
        context |= {"pin": pin_of(place.system, wanted), "may_pin": current_user().role >= Role.SHIFTER}
    return page("square/run.html", "square/run.html", **context)


def _context(place: ViewState, run: Run | None, wanted: int | None, now: runs.Asked) -> dict[str, Any]:
    settings = request_settings()
    is_newest = wanted is None or wanted == now.newest
    played = player(place.system, run.run if run else None, later=is_newest)
    clients = runs.clients(place.system, runs.jobs(place.system, run.run)) if run else []
    hosts = runs.hosts(place.system) if is_newest else []
    before, after = runs.neighbours(place.system, run.run) if run else (None, None)
    path = "/square" if wanted is None else f"/square/runs/{wanted}"
    return {
        "place": place,
        "run": run,
        "is_newest": is_newest,
        "followed": wanted is None,
        "before": before,
        "after": after,
        "clients": clients,
        "counts": runs.counts(clients),
        "situation": situation(run, clients, hosts, is_newest, settings.of(SquareSettings).square_machines.get(place.system, ())),
        "hosts": hosts,
        "machines": runs.machines(place.system) if is_newest else [],
        "looks": LOOKS,
        "path": path,
        "player": played,
        "files": charts.version(place.system, run.run) if run else 0,
        "poll": place.link(path, since=token(now, wanted, clients)),
        "poll_s": settings.of(SquareSettings).square_poll_s,
        "systems": [(name, place.replace(system=name).link("/square"), name == place.system) for name in SYSTEMS],
        "zones": [(name, place.replace(tz=name).link(path), name == place.tz) for name in ZONES],
        "ago": runs.age,
        "silent_s": runs.SILENT_S,
    }
