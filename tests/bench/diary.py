"""Searches in a diary of a million jobs, and storing more of them: CPU time of this process alone, which SQLite is part of."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.core import database
from app.core.database import proxy
from app.core.settings import Settings
from app.diary.index import reindex
from app.diary.models import DiaryJob, DiaryReview
from app.diary.observations import store as storing
from app.diary.observations.changes import EMPTY
from app.diary.observations.checks import checked
from app.diary.observations.observation import Observation
from app.diary.search.find import count, facets, find
from app.diary.search.selection import JobSelection
from tests.bench.table import add_row
from tests.support.servers import migrate

JOBS, NEW = 1_000_000, 10_000
START = 1_700_000_000
WORDS = ("pixel", "strip", "ecal", "hcal", "muon", "express", "prompt", "reco", "sim", "beam", "zerobias", "hlt", "csc", "rpc", "dt")
STATES = ("done",) * 85 + ("failed",) * 8 + ("cancelled",) * 4 + ("running",) * 2 + ("lost",)
SELECTIONS = {
    "all jobs": JobSelection(),
    "a word that half of all have": JobSelection("pixel"),
    "three words": JobSelection("pix express reco"),
    "a word that few have": JobSelection("number_77"),
    "words that never are together": JobSelection("strip id:7777777"),
    "failed and open": JobSelection("state:failed review:open"),
    "failed ones with a word": JobSelection("pixel", state=("failed",)),
    "jobs of a run": JobSelection(run=("358100",)),
    "jobs of a user": JobSelection(user=("user7",)),
    "a word but not another": JobSelection("pixel -express"),
    "the last week of a source": JobSelection("since:2023-11-20", source=("slurm",)),
    "the beginning of an id": JobSelection("id:1234*"),
    "by their change": JobSelection("pixel", order="changed"),
    "all by their change": JobSelection(order="changed"),
    "running ones by their end": JobSelection(state=("running",), order="ended"),
}


def diary(folder: Path) -> None:
    """Measure lists, counts and facets of a million jobs, and storing of 10,000 new ones."""
    settings = Settings(data_dir=str(folder))
    migrate(settings)
    database.connect(settings)
    fill(JOBS)
    for what, selection in SELECTIONS.items():
        page = cpu_ms(lambda selection=selection: find(selection, (), 50))
        add_row(f"first page of {JOBS:,} jobs, {what}", f"{page:.1f} ms CPU", "10 ms")
        number = count(selection, ())
        add_row(f"count of {what}, {number:,}", f"{cpu_ms(lambda selection=selection: count(selection, ())):.1f} ms CPU", "50 ms")
        add_row(f"facets of {what}", f"{cpu_ms(lambda selection=selection: facets(selection, ())):.1f} ms CPU")
    measure_store()
    database.disconnect()


def measure_store() -> None:
    """Measure storing of new jobs, and of the end of each."""
    new = [observation(number, "running") for number in range(JOBS, JOBS + NEW)]
    for what, seen in (("new jobs", new), ("ends of jobs", [observation(number, "done") for number in range(JOBS, JOBS + NEW)])):
        longest, cpu = 0.0, time.process_time()
        for first in range(0, NEW, storing.BATCH):
            start = time.perf_counter()
            storing.store("slurm", seen[first : first + storing.BATCH], START + 10 * JOBS)
            longest = max(longest, time.perf_counter() - start)
        add_row(f"storing {NEW:,} {what}", f"{time.process_time() - cpu:.1f} s CPU", "10 s")
        add_row(f"longest transaction of storing {what}", f"{longest:.3f} s", "0.2 s")


def cpu_ms(action: Callable[[], object], times: int = 5) -> float:
    """The median CPU time of an action, ms."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        action()
        taken.append(1000 * (time.process_time() - start))
    return statistics.median(taken)


def fill(jobs: int) -> None:
    """Store jobs, every tenth with a review, in large transactions without checks and history."""
    columns = [name for name in DiaryJob._meta.fields if name != "id"]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    sql = f"INSERT INTO diary_job ({names}) VALUES ({marks})"
    for first in range(0, jobs, 1000):
        with proxy.atomic():
            proxy.execute_many(sql, [[row[name] for name in columns] for row in rows_of(first, 1000)])
            numbers = list(range(first + 1, first + 1001))
            DiaryReview.insert_many(
                [
                    {"job": number, "review": "done", "verdict": "obsolete" if number % 30 == 1 else "ok", "by": "a", "at": 0.0}
                    for number in numbers[::10]
                ]
            ).execute()
            reindex(numbers)


def observation(number: int, state: str) -> Observation:
    """What a source says of a job of this number."""
    random_of = random.Random(number)
    words = random_of.sample(WORDS, 4)
    return Observation(
        str(7_000_000 + number),
        START + 10 * JOBS + (state == "done"),
        state,
        START + 10 * number,
        "batch",
        f"{'_'.join(words)}_number_{number}",
        f"user{int(200 * random_of.random() ** 3)}",
        f"project{random_of.randrange(50)}",
        workdir=f"/data/user/{words[0]}/{number // 1000}",
        labels={
            "run": str(358_000 + number // 200),
            "dataset": f"/{words[1]}/Run2026A-{words[2]}-v1/DQMIO",
            "host": f"fu-c2f{number % 40}-11-04",
        },
    )


def rows_of(first: int, number: int) -> Iterator[dict[str, Any]]:
    """Rows of stored jobs."""
    for each in range(first, first + number):
        given = observation(each, random.Random(-each).choice(STATES))
        good = checked(given)
        at = float(good.key.submitted)
        yield (
            EMPTY
            | good.values
            | {
                "source": ("slurm", "slurm", "htcondor", "dqm-clients", "own-jobs")[each % 5],
                "native_id": good.key.native_id,
                "submitted": good.key.submitted,
                "state": given.state,
                **dict.fromkeys(("seen", "met", "found", "changed", "placed"), at),
                "cycle": 0,
                "labels": json.dumps(given.labels),
            }
        )
