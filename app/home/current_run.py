"""The run of DQM^2 in progress, for the home page: the part "Now" follows it by polling."""

from __future__ import annotations

from typing import NamedTuple

from flask import render_template, request

from app.square import runs
from app.square.clients import Client, ClientCounts, count_clients, group_clients
from app.square.models import Run
from app.square.pages.poll_tokens import is_current, poll_token
from app.square.settings import SquareSettings
from app.square.situation import Situation, situation
from app.square.systems import DEFAULT_SYSTEM
from app.web import request_settings
from app.web.fragment_cache import CachedFragment, cached_fragment
from app.web.links import link


class CurrentRun(NamedTuple):
    """The newest run of the production system."""

    run: Run
    situation: Situation
    counts: ClientCounts
    age_s: float | None  # time since the last report of a job


def now_fragment() -> CachedFragment | None:
    """The part "Now"; None for a poll (`?since=`) of a page that is up to date."""
    state = runs.poll_state(DEFAULT_SYSTEM, 0)
    if is_current(request.args.get("since", ""), state, None):
        return None

    def render() -> str:
        run = None if state.newest is None else runs.find_run(DEFAULT_SYSTEM, state.newest)
        clients = group_clients(DEFAULT_SYSTEM, runs.jobs(DEFAULT_SYSTEM, run.run)) if run else []
        square = request_settings().of(SquareSettings)
        return render_template(
            "home/now_fragment.html",
            current=_current_run(run, clients, square) if run else None,
            poll=link("/", {"since": poll_token(state, None, clients)}),
            poll_s=square.square_refresh_s,
        )

    return cached_fragment((request.script_root, "home", state), render)


def _current_run(run: Run, clients: list[Client], square: SquareSettings) -> CurrentRun:
    """The newest run with its situation."""
    machines = square.square_machines.get(DEFAULT_SYSTEM, ())
    state = situation(run, clients, runs.hosts(DEFAULT_SYSTEM), True, machines)
    return CurrentRun(run, state, count_clients(clients), runs.age(run.last))
