"""Files that a filter unit cannot send, and GUI machines that get none. All times are by the clock of the host that reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.transfers.kinds import LUMISECTION_S, SNAPSHOT

LASTING_S = 60.0
"""A failure that lasts for less, such as a restart at the other side, is no problem."""


def target_problem(state: Mapping[str, Any], now: float) -> dict[str, str]:
    """Why the target of a filter unit takes no files, if that lasts, by its place. state: of the filter unit."""
    target = state["target"]
    return {target["place"]: target["error"]} if target and target["error"] and now - target["since"] >= LASTING_S else {}


def waiting_problems(waiting: Iterable[Mapping[str, Any]], now: float, lumis: float) -> dict[str, str]:
    """The clients whose files wait for too long at a filter unit: why, by client.

    Args:
        waiting: The files of a run that wait.
        now: Unix s.
        lumis: Lumisections for which a snapshot may wait, though nothing fails.
    """
    found = {}
    for each in waiting:
        waits_s, error = now - each["since"], each["error"]
        if (waits_s >= LASTING_S and error) or (each["file"] == SNAPSHOT and waits_s > lumis * LUMISECTION_S):
            found[each["client"]] = f"its {each['file']} waits: {error or 'it is not sent in time'}"
    return found


def failing_machines(machines: Iterable[Mapping[str, Any]], now: float) -> dict[str, str]:
    """The GUI machines that can be reached and get no files, if that lasts: why, by name."""
    failing = [each for each in machines if each["reachable"] and each["error"] and now - each["failing"] >= LASTING_S]
    return {each["name"]: each["error"] for each in failing}
