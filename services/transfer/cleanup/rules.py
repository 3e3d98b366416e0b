"""The rules by which files of a GUI machine are removed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from ..options import CleanupOptions
from .folder import DiskUsage, StoredFile


class Rule(StrEnum):
    """Why a file stays or is removed."""

    OTHER = "no PB file of a run"
    NEWEST = "one of the newest files of the newest run"
    YOUNG = "of the newest run, and young"
    SPARE = "of the newest run, and the disk is below the mark"
    OLDER_RUN = "of an older run"
    DISK = "of the newest run, and the disk is above the mark"

    @property
    def removes(self) -> bool:
        """Whether files of this rule are removed."""
        return self in (Rule.OLDER_RUN, Rule.DISK)


class Plan(NamedTuple):
    """What a round does.

    Attributes:
        rules: Each file with its rule; those to remove first, in the order of their removal.
        usage: How full the disk is afterwards.
        mark_reachable: False when the disk stays too full.
    """

    rules: list[tuple[StoredFile, Rule]]
    usage: DiskUsage
    mark_reachable: bool


def plan_cleanup(files: Sequence[StoredFile], usage: DiskUsage, options: CleanupOptions) -> Plan:
    """Choose what to remove.

    The age of a file is measured from the newest one of its run, so that neither a wrong clock nor a pause of the run makes files old.
    """
    newest_run = max((file.run for file in files), default=0)
    removed = [file for file in files if 0 < file.run < newest_run]
    rules = [(file, Rule.OLDER_RUN) for file in removed]
    usage = usage.without(sum(file.nbytes for file in removed))
    too_full = usage.fraction > options.disk_mark
    ordered = sorted((file for file in files if newest_run and file.run == newest_run), key=lambda file: (file.changed, file.name))
    stay = []
    for index, file in enumerate(ordered):
        if index >= len(ordered) - options.newest:
            stay.append((file, Rule.NEWEST))
        elif ordered[-1].changed - file.changed < 60 * options.life_time_min:
            stay.append((file, Rule.YOUNG))
        elif too_full and usage.fraction > options.disk_low:
            rules.append((file, Rule.DISK))
            usage = usage.without(file.nbytes)
        else:
            stay.append((file, Rule.SPARE))
    others = [(file, Rule.OTHER) for file in files if not file.run]
    return Plan(rules + stay + others, usage, not (too_full and usage.fraction > options.disk_low))
