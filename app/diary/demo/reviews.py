"""Reviews of jobs of the demo: of older failures most are done, of those of the last days few. One is of many jobs at once.

Also the searches that its users share.
"""

from __future__ import annotations

import random
from urllib.parse import urlencode

from app.core.database import proxy, rows
from app.diary.demo.job import DAY_S, HOUR_S, MINUTE_S
from app.diary.models import DiaryJob
from app.diary.review.bulk import review_all
from app.diary.review.review import Review, ReviewChange
from app.diary.review.reviews import store_reviews
from app.diary.review.saved import save_search
from app.diary.search.selection import CHANGED, JobSelection, arguments
from app.diary.states import DONE, FAILED

NEW_DAYS = 2.0
"""Failures of so many days are hardly reviewed yet."""
REVIEWERS = ("demo-shifter", "demo-operator", "anna")
FINDINGS = (
    (
        "issue",
        "Crash in the client after the change of menu",
        ("crash", "menu"),
        "The stack trace ends in `beginRun`.\n\n* reported\n* fix in the next release",
    ),
    ("not-ok", "Input was moved while it was read", ("input",), "Submitted **again** with the new path, which ran."),
    ("other", "Host ran out of memory", ("memory", "host"), "Other jobs of the host died at the same time."),
    ("obsolete", "A test that nobody needs any more", (), ""),
    ("ok", "Fails on purpose: the test of the watchdog", ("test",), ""),
)
"""Verdict, summary, tags and notes of reviewed failures."""
SEARCHES = {
    "Failed since yesterday": JobSelection("state:failed since:1d"),
    "Somebody is at it": JobSelection(review=("ongoing",), order=CHANGED),
    "Clients that crashed": JobSelection("kind:dqm-client state:failed"),
}
"""Shared searches by their names."""
UNREAD = JobSelection("kind:import state:failed", obsolete=True)
"""The jobs of the review of many."""


def store_demo_reviews(now: float) -> int:
    """Review jobs of the demo that have ended, and share searches; returns the number of jobs that are reviewed one by one."""
    dice, changes = random.Random("reviews"), []
    has_ended = DiaryJob.state.in_((FAILED, DONE)), DiaryJob.ended.is_null(False)
    for number, state, ended in rows(DiaryJob.select(DiaryJob.id, DiaryJob.state, DiaryJob.ended).where(*has_ended).order_by(DiaryJob.id)):
        likely = 0.02 if state == DONE else 0.1 if now - ended < NEW_DAYS * DAY_S else 0.8
        if dice.random() < likely:
            at = min(ended + dice.uniform(10 * MINUTE_S, 8 * HOUR_S), now)
            changes.append((at, dice.choice(REVIEWERS), _review(dice, number, state)))
    with proxy.atomic():
        for at, by, review in sorted(changes, key=lambda change: change[0]):
            store_reviews([(Review(review.job), review)], by, at)
        review_all(
            UNREAD, (), ReviewChange("done", "issue", "The layout of these files is not read yet", add_tags=("layout",)), REVIEWERS[0]
        )
        for name, selection in SEARCHES.items():
            save_search(REVIEWERS[0], name, urlencode(arguments(selection)), is_shared=True)
    return len(changes)


def _review(dice: random.Random, number: int, state: str) -> Review:
    if state == DONE:
        return Review(number, "done", "ok", "Looks as before", tags=("checked",))
    if dice.random() < 0.25:
        return Review(number, "ongoing", summary="I look into it")
    verdict, summary, tags, notes = dice.choice(FINDINGS)
    return Review(number, "done", verdict, summary, notes, tuple(sorted(tags)))
