"""The line at the top of the page: what goes on, or why nothing moves."""

from __future__ import annotations

import time
from math import ceil

from app.square.models import Run
from app.square.runs import Asked, Client, HostLine
from app.square.situation import ENDED, GOOD, LOST, TROUBLE, WAITING, Situation
from app.square.states import STUCK_S

QUIET_S = 90.0
"""Each job reports every 30 s, so that something is the matter when no job of a run was heard of for so long."""


def situation(run: Run | None, clients: list[Client], hosts: list[HostLine], live: bool, machines: tuple[str, ...]) -> Situation:
    """What is to be said of a run; live: it is the newest, or there is none yet; machines: those that the settings name."""
    if live and (trouble := _contact(hosts, machines)):
        return trouble
    if behind := sum(host.behind for host in hosts):
        return Situation(TROUBLE, f"Catching up: {behind:,} documents are still to be fetched from P5, the oldest come first.")
    if run is None:
        return Situation(WAITING, "No run was reported yet. This page shows the next one as soon as it begins.")
    going = any(client.newest.job.exit_code is None for client in clients)
    if not clients:
        return Situation(WAITING, "No job was reported of this run, only its files.")
    if not going:
        return Situation(ENDED, "The run has ended: no job of it is left." + (" The next run has not begun." if live else ""))
    quiet = time.time() - run.last
    if not live:
        return Situation(TROUBLE, "Not all jobs of this run have told of their end, and a newer run has begun.")
    if quiet > QUIET_S:
        return Situation(TROUBLE, "The hosts answer, but no job of this run has reported: the jobs, or DQM^2 on their hosts, stand still.")
    return Situation(GOOD, "")


def _contact(hosts: list[HostLine], machines: tuple[str, ...]) -> Situation | None:
    """What is wrong between the hub and the hosts at P5."""
    if not machines and not hosts:
        return Situation(WAITING, "No machine at P5 is asked for this system: the setting square_url is empty, or names no machines.")
    if not hosts:
        return Situation(LOST, "No machine at P5 was asked yet: the service live does this, see Status.")
    if not any(host.asked for host in hosts):
        return Situation(LOST, "The hub does not ask P5 any more: its service live stands still, see Status.")
    failing = [host for host in hosts if host.failing]
    if len(failing) == len(hosts):
        last = min((host.answered_s for host in failing if host.answered_s is not None), default=None)
        return Situation(LOST, f"P5 cannot be reached: {failing[0].error}", _at(last))
    silent = [host for host in hosts if host.silent and not host.failing]
    if failing or silent:
        bad = (failing or silent)[0]
        what = "never answered" if bad.answered_s is None else "does not answer"
        more = len(failing) + len(silent) - 1
        others = f" {more} more host{'s' if more > 1 else ''} too." if more else ""
        text = f"{bad.name} {what}, so its jobs may look older than they are.{others} {bad.error}".rstrip()
        return Situation(TROUBLE, text, _at(bad.answered_s))
    return None


def _at(age_s: float | None) -> float | None:
    """When something was that is so many seconds old: the page does not change while it grows."""
    return None if age_s is None else time.time() - age_s


def token(asked: Asked, run: int | None, jobs: list[Client]) -> str:
    """What the page that is made now shows, for `?since=`: it is old when this differs, or at the time at its end.

    At that time the next running job is stuck, unless it reports before.
    """
    now = time.time()
    due = [client.newest.job.reported + STUCK_S for client in jobs if client.newest.job.exit_code is None]
    return f"{_content(asked, run)}.{ceil(min((at for at in due if at > now), default=0))}"


def is_current(given: str, asked: Asked, run: int | None) -> bool:
    """Whether a page with this token shows all there is."""
    content, _, due = given.rpartition(".")
    return content == _content(asked, run) and due.isdecimal() and (due == "0" or time.time() < int(due))


def _content(asked: Asked, run: int | None) -> str:
    """The newest run moves with its system; one before it with its own jobs, and when another one begins."""
    if run is None or run == asked.newest:
        return f"{asked.feed}.{asked.newest}.{asked.silent}.{asked.failed}.{asked.seen}"
    return f"{asked.version}.{asked.newest}"
