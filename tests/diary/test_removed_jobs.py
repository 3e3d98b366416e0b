"""A job that retention removes while somebody reviews it leaves no review behind, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.core.database import end_thread, is_sqlite, proxy
from app.core.settings import Settings
from app.diary import retention
from app.diary.errors import UnknownDiaryJob
from app.diary.models import DiaryEvent, DiaryReview
from app.diary.observations.store import lock
from app.diary.review.bulk import review_jobs
from app.diary.review.review import ReviewChange
from app.diary.review.reviews import save_review
from tests.diary.test_bulk_reviews import failed_jobs
from tests.support.processes import until

pytestmark = pytest.mark.both_databases

OK = ReviewChange(verdict="ok")
WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"


def remove_while(number: int, act: Callable[[], object]) -> list[Exception]:
    """Remove a job while another thread, which waits for the end of it, acts; returns the error of the latter."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            act()
        except Exception as error:
            errors.append(error)
        finally:
            end_thread()

    thread = threading.Thread(target=run)
    with proxy.atomic():
        lock("slurm")
        thread.start()
        if not is_sqlite():  # there it cannot even begin
            until(lambda: proxy.execute_sql(WAITING).fetchone()[0] > 0, "a review that waits for the lock")
        retention._remove([number], ["slurm"], retention._is_old(float("inf")))
    thread.join()
    return errors


def test_a_review_of_a_job_that_is_removed_meanwhile_is_refused(hub: Settings) -> None:
    number, _ = failed_jobs(2)
    (error,) = remove_while(number, lambda: save_review(number, OK, 0, "anna"))
    assert isinstance(error, UnknownDiaryJob)
    assert not DiaryReview.select().exists()
    assert not DiaryEvent.select().where(DiaryEvent.job == number).exists()


def test_a_bulk_review_leaves_out_a_job_that_is_removed_meanwhile(hub: Settings) -> None:
    number, other = failed_jobs(2)
    assert remove_while(number, lambda: review_jobs([number, other], "", OK, "anna")) == []
    assert [row.job for row in DiaryReview.select()] == [other]
