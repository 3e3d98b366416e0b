"""The subsystem of an arrangement: experts can be limited to some subsystems."""

from __future__ import annotations

COLLECTIONS = ("00 Shift", "MCLayouts", "DataLayouts")
"""Top folders whose subfolders are named after subsystems."""


SIMULATION = "MC "
"""Beginning of the names of workspaces of simulated samples, before the subsystem."""


def subsystem_of(path: str) -> str:
    """The subsystem of a layout's path or a workspace's name.

    That is the first folder, or the second one below a folder of COLLECTIONS, without SIMULATION and without blanks around it.
    """
    first, *more = path.split("/")
    folder = more[0] if first in COLLECTIONS and len(more) > 1 else first
    return folder.strip().removeprefix(SIMULATION).strip()
