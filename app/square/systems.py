"""The systems of DQM^2. A further system is one line of `_SYSTEMS` and the setting `square_<name>` with its machines."""

from __future__ import annotations

from typing import NamedTuple


class System(NamedTuple):
    """One system: a set of machines at P5 whose jobs process one stream of runs."""

    name: str  # in addresses, tables and the setting square_<name>
    label: str  # on pages
    description: str  # in the API document


PLAYBACK = "playback"
"""The system that processes the files of the playback player."""

_SYSTEMS = (
    System("production", "Production", "Real data."),
    System(PLAYBACK, "Playback", "Old data, repeated under other run numbers."),
)

SYSTEMS = tuple(system.name for system in _SYSTEMS)
"""Names of all systems."""

DEFAULT_SYSTEM = SYSTEMS[0]
"""The system of an address that names none."""

SYSTEM_LABELS = {system.name: system.label for system in _SYSTEMS}
"""Labels of the systems on pages, by name."""

SYSTEM_DESCRIPTIONS = {system.name: system.description for system in _SYSTEMS}
"""Descriptions of the systems, by name."""
