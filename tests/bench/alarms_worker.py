"""Judges alarm rules on new versions of a large sample, and prints CPU s and memory as JSON."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable

from app import cli
from app.alarms.definition import AlarmRuleDefinition
from app.alarms.judging import RuleJudge
from app.alarms.models import AlarmRule
from app.alarms.store import save_rule
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.samples import search

ROUNDS = 5
WAIT_S = 300.0


def cpu_s(act: Callable[[], object]) -> float:
    """CPU of this process for a call."""
    before = time.process_time()
    act()
    return time.process_time() - before


def add_rules(sample: OpenSample) -> None:
    """Rules of all conditions on all MEs, and on folders."""
    folders = ["", *(each.name.decode() for each in sample.names.folder(b"").subfolders)]
    for number in range(20):
        condition = ("quality", "quality", "absent", "summary")[number % 4]
        limits = {"statuses": ["error", "warning", "invalid"]} if condition == "quality" else {}
        place = folders[number // 4 % len(folders)]
        rule = AlarmRuleDefinition(f"rule {number}", "bench", condition, limits, sample.key.dataset, place=place)
        save_rule(rule, number=None, user="bench")


def main() -> None:
    """Judge, and print what it took."""
    settings = cli.open_database()
    catalog = Catalog(settings)
    key = next(each for each in search(dataset="/Large/"))
    sample = catalog.open(key, WAIT_S)
    add_rules(sample)
    judge = RuleJudge(settings)
    judge.step()
    measured: dict[str, list[float]] = {"new_s": [], "same_s": [], "idle_s": []}
    for _ in range(ROUNDS):
        os.utime(sample.url)
        sample = catalog.open(key, WAIT_S)
        measured["new_s"].append(cpu_s(judge.step))
        AlarmRule.update(seen="").execute()
        measured["same_s"].append(cpu_s(judge.step))
        measured["idle_s"].append(cpu_s(judge.step))
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(measured | {"memory_mb": memory_mb, "rules": AlarmRule.select().count(), "mes": len(sample.names)}))


if __name__ == "__main__":
    main()
