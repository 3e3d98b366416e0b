"""To which subsystem an arrangement belongs: experts can be limited to some."""

from __future__ import annotations

COLLECTIONS = ("00 Shift", "MCLayouts", "DataLayouts")
"""Top folders whose subfolders are named after subsystems."""


def subsystem_of(path: str) -> str:
    """The subsystem of a layout's path or a workspace's name: the first folder, or the second one below a folder of COLLECTIONS."""
    first, *more = path.split("/")
    return more[0] if first in COLLECTIONS and len(more) > 1 else first
