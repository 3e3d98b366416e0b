"""The situation of a run in one word and a sentence, which the first line of its page shows; on the hub in detail, on mirrors without names."""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.square.models import Host
from app.square.runs import SILENT_S, Client
from app.square.states import CRASHED, FINISHED, LOOKS, RUNNING, STUCK, Look

GOOD = LOOKS[RUNNING]._replace(text="live")
ENDED = LOOKS[FINISHED]._replace(text="ended")
WAITING = LOOKS[FINISHED]._replace(icon="off", text="waiting")
TROUBLE = LOOKS[STUCK]._replace(text="no updates")
LOST = LOOKS[CRASHED]._replace(text="P5 unreachable")


class Situation(NamedTuple):
    """The first line of a page."""

    look: Look  # one word
    text: str = ""  # a sentence; "" while all is well
    since: float | None = None  # last response of P5, if there is none now, Unix s UTC


def unreachable_since(system: str, now: float) -> float | None:
    """Time of the last response of P5 (Unix s UTC) if no host responds any more; None while one does, or before the first request."""
    ((last,),) = rows(Host.select(fn.MAX(Host.last_ok)).where(Host.system == system))
    return last if last is not None and now - last >= SILENT_S else None


def public_situation(system: str, has_run: bool, clients: list[Client], live: bool) -> Situation:
    """The situation of a run without the names of hosts.

    Args:
        has_run: False: the system has no run yet.
        clients: The jobs of the run by client.
        live: It is the newest run, or there is none.
    """
    since = unreachable_since(system, time.time()) if live else None
    if since is not None:
        return Situation(LOST, "No response from P5 for", since)
    if not has_run:
        return Situation(WAITING, "No run has been reported yet.")
    states = {client.newest.state for client in clients}
    if RUNNING in states:
        return Situation(GOOD)
    if STUCK in states:
        return Situation(TROUBLE, "Some jobs of this run have not reported their end.")
    return Situation(ENDED)
