"""The situation of a run in one word and a sentence, for the first line of its page; with names for the hub, without them for mirrors."""

from __future__ import annotations

import time
from typing import NamedTuple

from peewee import fn

from app.core.database import rows
from app.square.clients import Client
from app.square.models import Host, Run
from app.square.runs import SILENT_S, HostState
from app.square.states import CRASHED, FINISHED, JOB_BADGES, RUNNING, STUCK
from app.web.badges import Badge

QUIET_S = 90.0
"""Each job reports every 30 s; without a report of any job for this long something has stalled."""

GOOD = JOB_BADGES[RUNNING]._replace(text="live")
ENDED = JOB_BADGES[FINISHED]._replace(text="ended")
WAITING = JOB_BADGES[FINISHED]._replace(icon="off", text="waiting")
TROUBLE = JOB_BADGES[STUCK]._replace(text="no updates")
LOST = JOB_BADGES[CRASHED]._replace(text="P5 unreachable")
NOT_POLLED = LOST._replace(text="not polled")


class Situation(NamedTuple):
    """The first line of a page."""

    badge: Badge
    text: str = ""  # a sentence; "" while all is well
    since: float | None = None  # last response of P5, if there is none now, Unix s UTC


def situation(run: Run | None, clients: list[Client], hosts: list[HostState], live: bool, machines: tuple[str, ...]) -> Situation:
    """The situation of a run, on the hub.

    Args:
        run: None if the system has no run yet.
        clients: The jobs of the run by client.
        live: It is the newest run, or there is none.
        machines: The machines of the system in the settings.
    """
    if live and (trouble := _connection_problem(hosts, machines)):
        return trouble
    if behind := sum(host.behind for host in hosts):
        return Situation(TROUBLE, f"Catching up: {behind:,} documents still to be fetched from P5, oldest first.")
    if run is None:
        return Situation(WAITING, "No run has been reported yet. This page shows the next one as soon as it begins.")
    if not clients:
        return Situation(WAITING, "No job of this run was reported, only its files.")
    if all(client.newest.job.exit_code is not None for client in clients):
        return Situation(ENDED, "Run ended: no job is running." + (" The next run has not begun." if live else ""))
    if not live:
        return Situation(TROUBLE, "A newer run has started, but some jobs of this run have not reported their end.")
    if time.time() - run.last > QUIET_S:
        return Situation(TROUBLE, "Hosts reachable, but no job reports: the jobs, or DQM^2 on their hosts, have stalled.")
    return Situation(GOOD)


def _connection_problem(hosts: list[HostState], machines: tuple[str, ...]) -> Situation | None:
    """What is wrong between the hub and the hosts; None if all respond."""
    if not machines and not hosts:
        return Situation(WAITING, "No hosts are configured for this system (setting square_url, or the list of hosts).")
    if not hosts:
        return Situation(NOT_POLLED, "No host polled yet: is the service `live` running? See Status.")
    if not any(host.is_polled for host in hosts):
        return Situation(NOT_POLLED, "P5 is no longer polled: the service `live` has stalled or is not running. See Status.")
    failing = [host for host in hosts if host.failing]
    if len(failing) == len(hosts):
        last = min((host.answered_s for host in failing if host.answered_s is not None), default=None)
        return Situation(LOST, f"P5 is unreachable: {failing[0].error}", _time_of(last))
    bad = failing + [host for host in hosts if host.silent and not host.failing]
    return _silent_hosts(bad[0], len(bad) - 1) if bad else None


def _silent_hosts(host: HostState, others: int) -> Situation:
    """The situation with one or more hosts that do not respond."""
    what = "has never responded" if host.answered_s is None else "does not respond"
    more = f" {others} more host{'s' if others > 1 else ''} too." if others else ""
    text = f"{host.name} {what}, so its jobs may look older than they are.{more} {host.error}".rstrip()
    return Situation(TROUBLE, text, _time_of(host.answered_s))


def _time_of(age_s: float | None) -> float | None:
    """The time with this age: unlike the age it stays the same from poll to poll."""
    return None if age_s is None else time.time() - age_s


def unreachable_since(system: str, now: float) -> float | None:
    """Time of the last response of P5 (Unix s UTC) if no host responds any more; None while one does, or before the first request."""
    ((last,),) = rows(Host.select(fn.MAX(Host.last_ok)).where(Host.system == system))
    return last if last is not None and now - last >= SILENT_S else None


def public_situation(system: str, has_run: bool, clients: list[Client], live: bool) -> Situation:
    """The situation of a run, without the names of hosts, on mirrors.

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
