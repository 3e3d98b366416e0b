"""How many jobs have a value, kept up to date with each job: counting a million of them for each page would take a second.

Rows belong to a source, so that only changes of jobs of one source, which wait for each other anyway, change the same row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from peewee import EXCLUDED, Database

from app.core.database import proxy
from app.diary.index_models import DiaryTally

OPEN_FIELDS = ("user", "project", "run", "tag")
"""Fields with any number of values; empty ones are not counted."""


class JobFacts(NamedTuple):
    """What a job is counted by."""

    state: str
    review: str
    verdict: str
    source: str
    user: str
    project: str
    run: str
    tags: str  # one a line

    def tallied(self) -> Iterable[tuple[str, ...]]:
        """Keys of the rows in which the job is counted: once as it is, and once for each value of an open field."""
        common = self.source, self.state, self.review, self.verdict
        yield (*common, "", "")
        for field, value in (("user", self.user), ("project", self.project), ("run", self.run)):
            if value:
                yield (*common, field, value)
        for tag in self.tag:
            yield (*common, "tag", tag)

    @property
    def tag(self) -> list[str]:
        """The tags."""
        return self.tags.split("\n") if self.tags else []


def tally(before: Iterable[JobFacts], after: Iterable[JobFacts]) -> None:
    """Count jobs as they are after a change, and no more as they were before, within the transaction of the caller."""
    found: Counter[tuple[str, ...]] = Counter()
    for facts in after:
        found.update(facts.tallied())
    for facts in before:
        found.subtract(facts.tallied())
    changes = sorted((*key, number) for key, number in found.items() if number)
    if changes:
        proxy.execute_many(_statement(proxy.obj), changes)


@lru_cache(maxsize=1)
def _statement(database: Database) -> str:
    """The statement that adds to a row."""
    fields = [DiaryTally.source, DiaryTally.state, DiaryTally.review, DiaryTally.verdict, DiaryTally.field, DiaryTally.value]
    row = dict.fromkeys([*fields, DiaryTally.jobs], 0)
    added = {DiaryTally.jobs: DiaryTally.jobs + EXCLUDED.jobs}
    sql: str = DiaryTally.insert(row).on_conflict(conflict_target=fields, update=added).sql()[0]
    return sql
