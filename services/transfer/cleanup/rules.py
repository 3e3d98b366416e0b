"""The rules by which files of a GUI machine are removed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from ..disks import DiskUsage
from ..options import CleanupOptions
from .folder import StoredFile

SUPERSEDED_S = 60.0
"""Seconds without a file after which a run with a lower number is over when there is a higher one: an ongoing run has one each 35 s at most."""


class Rule(StrEnum):
    """Why a file stays or is removed."""

    OTHER = "no PB file of a run"
    NEWEST = "one of the newest files of the newest run"
    YOUNG = "of the newest run, and young"
    SPARE = "of the newest run, and the disk is below the mark"
    OLDER_RUN = "of an older run"
    LAST = "the last one of an older run, which may be merged still"
    DISK = "of the newest run, and the disk is above the mark"
    PART = "part of a PB file, and its copy may go on"
    BROKEN_OFF = "part of a PB file whose copy broke off"

    @property
    def removes(self) -> bool:
        """Whether files of this rule are removed."""
        return self in (Rule.OLDER_RUN, Rule.DISK, Rule.BROKEN_OFF)


class Plan(NamedTuple):
    """The plan of a round.

    Attributes:
        rules: Each file with its rule; those to remove first, in the order of their removal.
        usage: How full the disk is afterwards.
        mark_reachable: False when the disk stays above the mark.
    """

    rules: list[tuple[StoredFile, Rule]]
    usage: DiskUsage
    mark_reachable: bool


def plan_cleanup(files: Sequence[StoredFile], usage: DiskUsage, options: CleanupOptions) -> Plan:
    """Choose the files to remove.

    The age of a file is measured from the newest one of its run, so that neither a wrong clock nor a pause of the run makes files old.
    """
    current = current_runs(files)
    older = _rules_of_older_runs([file for file in files if file.run], current, 60 * options.life_time_min)
    rules = [(file, rule) for file, rule in older if rule.removes]
    parts = _rules_of_parts(files, 60 * options.life_time_min)
    rules += [(file, rule) for file, rule in parts if rule.removes]
    usage = usage.without(sum(file.nbytes for file, _ in rules))
    too_full = usage.fraction > options.disk_mark
    kept = [(file, rule) for file, rule in older if not rule.removes]
    for run in current:
        ordered = sorted((file for file in files if file.run == run), key=_age)
        for index, file in enumerate(ordered):
            if index >= len(ordered) - options.newest:
                kept.append((file, Rule.NEWEST))
            elif ordered[-1].changed - file.changed < 60 * options.life_time_min:
                kept.append((file, Rule.YOUNG))
            else:
                kept.append((file, Rule.SPARE))
    for file in sorted((file for file, rule in kept if too_full and rule is Rule.SPARE), key=_age):
        if usage.fraction <= options.disk_low:
            break
        kept.remove((file, Rule.SPARE))
        rules.append((file, Rule.DISK))
        usage = usage.without(file.nbytes)
    kept += [(file, rule) for file, rule in parts if not rule.removes]
    others = [(file, Rule.OTHER) for file in files if not file.run and not file.is_part]
    return Plan(rules + kept + others, usage, usage.fraction <= options.disk_mark)


def _rules_of_older_runs(files: Sequence[StoredFile], current: Sequence[int], life_time_s: float) -> list[tuple[StoredFile, Rule]]:
    """The rules of PB files of runs that are over: the last one of each stays a while, since the merged file takes longer."""
    last: dict[int, StoredFile] = {}
    for file in sorted(files, key=_age):
        last[file.run] = file
    stays_from = max((file.changed for file in files), default=0.0) - life_time_s
    ended = [file for file in files if file.run not in current]
    return [(file, Rule.LAST if file == last[file.run] and file.changed > stays_from else Rule.OLDER_RUN) for file in ended]


def _rules_of_parts(files: Sequence[StoredFile], life_time_s: float) -> list[tuple[StoredFile, Rule]]:
    """The rules of parts: the copy of a part that changed long before the newest complete file has broken off."""
    newest = max((file.changed for file in files if file.run), default=float("-inf"))
    return [(file, Rule.PART if newest - file.changed <= life_time_s else Rule.BROKEN_OFF) for file in files if file.is_part]


def current_runs(files: Sequence[StoredFile]) -> list[int]:
    """The runs that are not over: the one with the highest number, and those that went on when a higher one had its last file.

    The number alone is not enough: a file with a high number that belongs to no run, such as one of a test, would end every ongoing
    run for ever.
    """
    newest: dict[int, float] = {}
    for file in files:
        if file.run:
            newest[file.run] = max(file.changed, newest.get(file.run, file.changed))
    current, highest = [], float("-inf")
    for run in sorted(newest, reverse=True):
        if newest[run] > highest - SUPERSEDED_S:
            current.append(run)
        highest = max(highest, newest[run])
    return current


def _age(file: StoredFile) -> tuple[float, str]:
    return file.changed, file.name
