"""Which runs are plausible: a document can name any run, and one with a wild number must not become the newest run.

A run is doubtful if its number is outside RUN_NUMBERS, if it begins in the future, or if its number is far from those
of the runs around it in time. These references are the nearest runs that several hosts have reported, since one host
alone can be wrong for long, as one that was moved from playback. Numbers that jump for good are plausible as soon as
most of the hosts agree: more than half as many as reported any of the references, and several. With fewer hosts they are
plausible from the third run on that several hosts report.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from peewee import SQL, fn

from app.core.counters import advance
from app.core.database import proxy, rows
from app.square.models import HiddenRun, Run

RUN_NUMBERS = range(1, 10_000_000)

MAX_JUMP = 50_000
"""Largest distance to the numbers of the runs around it; CMS uses about 25,000 numbers a year."""

FUTURE_S = 86400.0
"""Clocks at P5 are not ahead by more than this, s."""

REFERENCES, MIN_REFERENCES = 5, 3
"""Number of references of a run; with fewer than the second only RUN_NUMBERS counts."""

MIN_HOSTS = 2
"""Number of hosts that can confirm a run: one alone can be wrong."""

RECENT = 300
"""Number of newest runs that are judged again."""

OUT_OF_RANGE, FUTURE, FAR = "range", "future", "far"

DOUBTS = {
    OUT_OF_RANGE: "This is no run number.",
    FUTURE: "It is dated in the future.",
    FAR: "Its number is far from those of the runs around it in time.",
}
"""Why a run is doubtful, by `Run.doubt`."""


class RunFacts(NamedTuple):
    """What a run is judged by."""

    run: int
    first: float
    hosts: int
    doubt: str = ""  # as stored


FACTS = (Run.run, Run.first, Run.hosts, Run.doubt)


def is_hidden() -> Any:
    """A condition of a query for runs: an operator has hidden the run."""
    return fn.EXISTS(HiddenRun.select(SQL("1")).where(HiddenRun.system == Run.system, HiddenRun.run == Run.run))


def judge_runs(system: str, changed: Iterable[int], version: int) -> None:
    """Judge runs that were stored with new facts, and those around them; store the verdicts that changed, with this version."""
    for number in changed:
        found = rows(Run.select(*FACTS).where(Run.system == system, Run.run == number))
        for run in [RunFacts(*row) for row in found]:
            around = _around(system, run, 1)
            confirmed = _around(system, run, MIN_HOSTS)
            references = confirmed if len(confirmed) >= MIN_REFERENCES else around
            for one in {run, *around}:
                verdict = doubt_of(one, references, time.time())
                if verdict != one.doubt:
                    Run.update(doubt=verdict, version=version).where(Run.system == system, Run.run == one.run).execute()


def judge_recent(system: str) -> None:
    """Judge the newest runs again: when the hosts are read for the first time, references become known after the runs themselves."""
    chosen = Run.select(*FACTS).where(Run.system == system, ~is_hidden()).order_by(Run.first.desc()).limit(RECENT)
    recent = [RunFacts(*row) for row in rows(chosen)]
    known = [run for run in recent if run.run in RUN_NUMBERS]
    confirmed = [run for run in known if run.hosts >= MIN_HOSTS]
    references, now = confirmed if len(confirmed) >= MIN_REFERENCES else known, time.time()
    verdicts = {run.run: doubt_of(run, references, now) for run in recent}
    if changed := [run for run in recent if verdicts[run.run] != run.doubt]:
        with proxy.atomic():
            version = advance(system)
            for run in changed:
                Run.update(doubt=verdicts[run.run], version=version).where(Run.system == system, Run.run == run.run).execute()


def _around(system: str, run: RunFacts, hosts: int) -> list[RunFacts]:
    """The runs before and after a run in time that so many hosts have reported, and the run itself if it is one of them."""
    chosen = Run.select(*FACTS).where(Run.system == system, Run.hosts >= hosts, Run.run.between(RUN_NUMBERS[0], RUN_NUMBERS[-1]))
    chosen = chosen.where(~is_hidden())
    before = chosen.where(Run.first <= run.first).order_by(Run.first.desc()).limit(REFERENCES + 1)
    after = chosen.where(Run.first > run.first).order_by(Run.first).limit(REFERENCES)
    return [RunFacts(*row) for query in (before, after) for row in rows(query)]


def doubt_of(run: RunFacts, references: Iterable[RunFacts], now: float) -> str:
    """Why a run is doubtful, a key of DOUBTS; "" if it is plausible.

    Args:
        references: Runs around it in time; at most REFERENCES of them count, and the run itself does not.
        now: Unix s UTC.
    """
    if run.run not in RUN_NUMBERS:
        return OUT_OF_RANGE
    if run.first > now + FUTURE_S:
        return FUTURE
    others = sorted((one for one in references if one.run != run.run), key=lambda one: abs(one.first - run.first))[:REFERENCES]
    near = sum(1 for one in others if abs(one.run - run.run) <= MAX_JUMP)
    is_far = len(others) >= MIN_REFERENCES and 2 * near < len(others)
    return FAR if is_far and not _is_agreed(run, others) else ""


def _is_agreed(run: RunFacts, others: Iterable[RunFacts]) -> bool:
    """Whether so many hosts report a run that they cannot all be wrong."""
    return run.hosts >= MIN_HOSTS and 2 * run.hosts > max(one.hosts for one in others)
