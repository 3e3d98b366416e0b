"""Tokens of run pages for `?since=`: what the page shows, and the time at which it changes by itself."""

from __future__ import annotations

import time
from math import ceil

from app.square.clients import Client
from app.square.runs import PollState
from app.square.states import STUCK_S


def poll_token(state: PollState, run: int | None, clients: list[Client]) -> str:
    """The token of a page that is rendered now.

    It is outdated when its content differs, or from the time at its end on: then the next running job becomes stuck
    unless it reports before.

    Args:
        run: The run of the page; None for the newest.
    """
    now = time.time()
    stuck_at = [client.newest.job.reported + STUCK_S for client in clients if client.newest.job.exit_code is None]
    return f"{_content(state, run)}.{ceil(min((at for at in stuck_at if at > now), default=0))}"


def is_current(token: str, state: PollState, run: int | None) -> bool:
    """Whether a page with this token is up to date."""
    content, _, due = token.rpartition(".")
    return content == _content(state, run) and due.isdecimal() and (due == "0" or time.time() < int(due))


def _content(state: PollState, run: int | None) -> str:
    """The newest run changes with its system; an older one with its own jobs, and when a newer run begins."""
    if run is None or run == state.newest:
        return f"{state.version}.{state.newest}.{state.silent}.{state.failed}.{state.reported}"
    return f"{state.run_version}.{state.newest}"
