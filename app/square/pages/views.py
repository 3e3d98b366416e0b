"""The pages of a run: the newest one, which is live, and older ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.security.caller import current_user
from app.square import run_files, runs
from app.square.clients import Client, ClientCounts, count_clients, group_clients
from app.square.models import Run
from app.square.notes import hidden_run, pin_of
from app.square.pages.poll_tokens import is_current, poll_token
from app.square.plausibility import DOUBTS
from app.square.player import PlayerReport, latest_player_report
from app.square.settings import SquareSettings
from app.square.situation import Situation, situation
from app.square.states import CLIENT_BADGES
from app.square.view_state import ViewState, old_bookmark, view_from_request
from app.web import is_fragment, page, request_settings
from app.web.arguments import checked_run
from app.web.badges import Badge
from app.web.fragment_cache import cached_fragment, fragment_response
from app.web.links import NavLink

pages = Blueprint("square", __name__)

DAY_S = 86400.0


@dataclass(frozen=True)
class RunFragment:
    """Values of the template run_fragment.html."""

    view: ViewState
    run: Run | None  # None if the system has no run
    is_newest: bool
    is_live: bool  # the page always shows the newest run
    before: int | None  # previous run
    after: int | None  # next run
    clients: list[Client]
    counts: ClientCounts
    situation: Situation
    hosts: list[runs.HostState]  # of the newest run only
    machines: list[runs.MachineState]  # of the newest run only
    doubtful: int  # doubtful runs of the last day, on the page of the newest run
    client_badges: Mapping[str, Badge]  # by state of a client
    player: PlayerReport | None
    files_version: int
    poll: str
    poll_s: float
    systems: list[NavLink]
    zones: list[NavLink]
    ago: Callable[[float | None], float | None]
    ahead: Callable[[float], float]
    silent_s: float


@pages.get("/square")
@needs(Role.VIEWER)
def live() -> AnyResponse:
    """The newest run. Addresses of the original mirror (`?run=N&db=`) are redirected to the page of the run."""
    if "run" in request.args or "db" in request.args:
        return redirect(old_bookmark())
    return _run_response(view_from_request(), None)


@pages.get("/square/runs/<int:run>")
@needs(Role.VIEWER)
def run_page(run: int) -> Response:
    """One run."""
    return _run_response(view_from_request(), checked_run(run))


def _run_response(view: ViewState, number: int | None) -> Response:
    """A page, its fragment for a poll, or 204 for a poll of a page that is up to date.

    The fragment is the same for all users, so it is rendered once a second at most.

    Args:
        number: The run; None for the newest.
    """
    state = runs.poll_state(view.system, number or 0)
    if "since" in request.args and is_current(request.args["since"], state, number):
        return Response(status=204)
    if number is None:
        run = runs.find_run(view.system, state.newest) if state.newest is not None else None
    else:
        run = runs.get_run(view.system, number)

    def render() -> str:
        return render_template("square/run_fragment.html", **vars(_run_fragment(view, run, number, state)))

    fragment = cached_fragment((request.script_root, view, number, state), render)
    if is_fragment():
        return fragment_response(fragment)
    context: dict[str, Any] = {"view": view, "run": run, "fragment_html": Markup(fragment.plain.decode()), "doubts": DOUBTS}
    if number is not None:
        context |= {"pin": pin_of(view.system, number), "may_pin": current_user().role >= Role.SHIFTER}
        context |= {"hidden": hidden_run(view.system, number)}
    return page("square/run.html", "square/run.html", **context)


def _run_fragment(view: ViewState, run: Run | None, number: int | None, state: runs.PollState) -> RunFragment:
    square, system = request_settings().of(SquareSettings), view.system
    is_newest = number is None or number == state.newest
    clients = group_clients(system, runs.jobs(system, run.run)) if run else []
    hosts = runs.hosts(system) if is_newest else []
    before, after = runs.neighbours(system, run.run) if run else (None, None)
    path = "/square" if number is None else f"/square/runs/{number}"
    return RunFragment(
        view=view,
        run=run,
        is_newest=is_newest,
        is_live=number is None,
        before=before,
        after=after,
        clients=clients,
        counts=count_clients(clients),
        situation=situation(run, clients, hosts, is_newest, square.square_machines.get(system, ())),
        hosts=hosts,
        machines=runs.machines(system) if is_newest else [],
        doubtful=len(runs.doubtful_runs(system, time.time() - DAY_S)) if is_newest else 0,
        client_badges=CLIENT_BADGES,
        player=latest_player_report(system, run.run if run else None, or_later=is_newest),
        files_version=run_files.files_version(system, run.run) if run else 0,
        poll=view.link(path, since=poll_token(state, number, clients)),
        poll_s=square.square_refresh_s,
        systems=view.system_links("/square"),
        zones=view.zone_links(path),
        ago=runs.age,
        ahead=runs.ahead,
        silent_s=runs.SILENT_S,
    )
