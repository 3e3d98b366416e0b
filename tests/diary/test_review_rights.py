"""Who may review which jobs."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.review.errors import ReviewForbidden
from app.diary.review.rights import batch_users, check_may_review, may_review, may_review_all
from app.diary.search.selection import JobSelection
from app.diary.settings import DiarySettings
from app.security import Role
from app.security.caller import NOBODY, READER, Caller

ANNA, SHIFTER = Caller("anna", Role.VIEWER), Caller("sam", Role.SHIFTER)


@pytest.mark.parametrize(
    ("owners", "login", "users"),
    [
        ((), "anna", ("anna",)),
        (("bob=b",), "anna", ("anna",)),
        (("anna=adoe",), "anna", ("adoe",)),
        (("anna=adoe", "anna=anna", "anna=adoe"), "anna", ("adoe", "anna")),
        (("anna=",), "anna", ()),
        (("Anna=adoe",), "anna", ("adoe",)),
        (("anna=a=b",), "anna", ("a=b",)),
    ],
)
def test_a_login_is_mapped_to_users_of_batch_systems(owners: tuple[str, ...], login: str, users: tuple[str, ...]) -> None:
    assert Settings(diary_owners=owners).of(DiarySettings).batch_users(login) == users


def test_jobs_are_reviewed_by_their_owner_and_by_shifters(app: Flask) -> None:
    own, other, nobodys = DiaryJob(user="anna"), DiaryJob(user="bob"), DiaryJob(user="")
    with app.test_request_context("/"):
        assert [may_review(ANNA, job) for job in (own, other, nobodys)] == [True, False, False]
        assert all(may_review(SHIFTER, job) for job in (own, other, nobodys))
        for caller in (NOBODY, READER):
            assert not any(may_review(caller, job) for job in (own, other, nobodys))
        assert batch_users(READER) == ()
        check_may_review(ANNA, own)
        with pytest.raises(ReviewForbidden, match=r"Needs the role shifter \(you are viewer\), or to be the owner of the job \(bob\)"):
            check_may_review(ANNA, other)
        with pytest.raises(ReviewForbidden, match="nobody is known as the owner"):
            check_may_review(ANNA, nobodys)


def test_a_list_is_reviewed_by_shifters_and_its_own_jobs_by_each_user(app: Flask) -> None:
    with app.test_request_context("/"):
        assert may_review_all(SHIFTER, JobSelection())
        assert may_review_all(ANNA, JobSelection(mine=True, state=("failed",)))
        assert may_review_all(ANNA, JobSelection(user=("anna",)))
        assert not may_review_all(ANNA, JobSelection(user=("anna", "bob")))
        assert not may_review_all(ANNA, JobSelection(q="user:anna"))
        assert not may_review_all(READER, JobSelection(mine=True))
