"""Observations, reviews and bulk reviews of the same jobs at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from random import Random

import pytest

from app.core.database import end_thread
from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.observations.store import store
from app.diary.review import bulk
from app.diary.review.errors import ReviewConflict
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import review_of, reviews_of, save_review
from app.diary.search.find import count
from app.diary.search.selection import JobSelection
from tests.diary.observations import NOW, seen
from tests.support.storms import TIMES, chance

pytestmark = [pytest.mark.both_databases, pytest.mark.storm]

SOURCES = ("a", "b", "c")
STATES = ("failed", "done", "running")
JOBS = 60


def observe(random: Random, numbers: list[int]) -> None:
    now = NOW + time.monotonic()
    some = random.sample(range(JOBS), JOBS // 2)
    store(random.choice(SOURCES), [seen(now, random.choice(STATES), native_id=str(number)) for number in some], now)


def review(random: Random, numbers: list[int]) -> None:
    number = random.choice(numbers)
    change = ReviewChange(verdict=random.choice(("ok", "issue", "obsolete")), tags=tuple(random.sample("abc", 2)))
    try:
        save_review(number, change, review_of(number).version, "anna")
    except ReviewConflict:  # another thread was faster
        return


def review_many(random: Random, numbers: list[int]) -> None:
    change = ReviewChange(verdict=random.choice(("ok", "not-ok")), add_tags=("z",), remove_tags=(f"t{random.random()}",))
    row = bulk.review_jobs(random.sample(numbers, JOBS), "", change, "bob")
    if not bulk.undo_problem(row, time.time()):
        bulk.undo_bulk(row.id, "bob")


def expected(numbers: Collection[int]) -> dict[str, int]:
    """How many jobs a search must find, as the tables of reviews and jobs have it."""
    reviews = reviews_of(numbers).values()
    found = {f"verdict:{word}": sum(each.verdict == word for each in reviews) for word in ("none", "ok", "not-ok", "issue", "obsolete")}
    found |= {f"tag:{word}": sum(word in each.tags for each in reviews) for word in "abcz"}
    return found | {f"state:{word}": DiaryJob.select().where(DiaryJob.state == word).count() for word in STATES}


def test_the_index_is_right_after_reviews_and_observations_at_the_same_time(hub: Settings) -> None:
    for source in SOURCES:
        store(source, [seen(NOW, "failed", native_id=str(number)) for number in range(JOBS)], NOW)
    numbers = [job.id for job in DiaryJob.select()]
    errors: list[Exception] = []

    def run(act: Callable[[Random, list[int]], None], random: Random, times: int) -> None:
        try:
            for _ in range(times * TIMES):
                act(random, numbers)
        except Exception as error:
            errors.append(error)
        finally:
            end_thread()

    acts = [(observe, 6), (observe, 6), (review, 15), (review, 15), (review_many, 2), (review_many, 2)]
    threads = [threading.Thread(target=run, args=(act, chance(seed), times)) for seed, (act, times) in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    wanted = expected(numbers)
    assert {q: count(JobSelection(q=q, obsolete=True), ()) for q in wanted} == wanted
