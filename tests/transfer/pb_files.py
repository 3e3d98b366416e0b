"""PB files of a GUI machine, as concatenations of runs have them, and what clean-up plans for them."""

from __future__ import annotations

import os
from pathlib import Path

from services.transfer.cleanup.folder import list_files
from services.transfer.cleanup.rules import Plan, Rule, plan_cleanup
from services.transfer.disks import DiskUsage
from services.transfer.options import CleanupOptions

MINUTE = 60
HOUR = 3600
NOW = 1_700_000_000


def concatenation(run: int, number: int) -> str:
    return f"run{run:06}_DQMLive_concat_{number:032x}.pb"


def write(folder: Path, run: int, ages_min: dict[int, float], nbytes: int = 100) -> None:
    """Concatenations of a run, by number, with their ages in minutes; each run is an hour later than the one before it."""
    for number, age in ages_min.items():
        file = folder / concatenation(run, number)
        file.write_bytes(b"\x0a" * nbytes)
        os.utime(file, (NOW + HOUR * run - MINUTE * age,) * 2)


def options(folder: Path, **others: object) -> CleanupOptions:
    return CleanupOptions(folder=str(folder), **others)


def plan(folder: Path, usage: DiskUsage, **others: object) -> Plan:
    return plan_cleanup(list_files(str(folder)), usage, options(folder, **others))


def by_rule(found: Plan) -> dict[Rule, list[str]]:
    rules: dict[Rule, list[str]] = {}
    for file, rule in found.rules:
        rules.setdefault(rule, []).append(file.name)
    return rules


HALF = DiskUsage(50_000_000, 50_000_000)
