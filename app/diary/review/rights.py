"""Who may review jobs: their owner, and shifters and those with more rights."""

from __future__ import annotations

from app.diary.models import DiaryBulkReview, DiaryJob
from app.diary.review.errors import ReviewForbidden
from app.diary.search.selection import JobSelection
from app.diary.settings import DiarySettings
from app.security import Role
from app.security.caller import Caller
from app.web import request_settings


def batch_users(caller: Caller) -> tuple[str, ...]:
    """The users of batch systems whose jobs belong to a user of this hub; none without an account."""
    if not caller.name:
        return ()
    return request_settings().of(DiarySettings).batch_users(caller.name)


def own_users(caller: Caller) -> tuple[str, ...]:
    """The users of batch systems for whose jobs a sender has the rights of the owner: API tokens are for reading below shifter."""
    return () if caller.is_token else batch_users(caller)


def may_review(caller: Caller, job: DiaryJob) -> bool:
    """Whether a user may review a job, and pin or release its state."""
    return caller.role >= Role.SHIFTER or bool(job.user and job.user in own_users(caller))


def may_read_all(caller: Caller, job: DiaryJob) -> bool:
    """Whether a user may read all that there is of a job, such as a large log: a token of its owner may, too."""
    return caller.role >= Role.SHIFTER or bool(job.user and job.user in batch_users(caller))


def check_may_review(caller: Caller, job: DiaryJob) -> None:
    """Raise ReviewForbidden unless a user may review a job."""
    if not may_review(caller, job):
        owner = f"or to be the owner of the job ({job.user})" if job.user else "because nobody is known as the owner of the job"
        raise ReviewForbidden(f"Needs the role {Role.SHIFTER.title} (you are {caller.role.title}), {owner}")


def may_review_all(caller: Caller, selection: JobSelection) -> bool:
    """Whether a user may review all jobs of a list: shifters any list, others only lists of own jobs."""
    own = own_users(caller)
    return caller.role >= Role.SHIFTER or bool(own and (selection.mine or (selection.user and set(selection.user) <= set(own))))


def check_may_review_all(caller: Caller, selection: JobSelection) -> None:
    """Raise ReviewForbidden unless a user may review all jobs of a list."""
    if not may_review_all(caller, selection):
        remedy = "open the list My jobs" if own_users(caller) else "sign in and open the list My jobs"
        raise ReviewForbidden(f"Needs the role {Role.SHIFTER.title} (you are {caller.role.title}), or own jobs only: {remedy}")


def may_undo(caller: Caller, bulk: DiaryBulkReview) -> bool:
    """Whether a user may undo a bulk review: an own one, unless it is a shifter."""
    return caller.role >= Role.SHIFTER or bool(caller.name and not caller.is_token and caller.name == bulk.by)


def check_may_undo(caller: Caller, bulk: DiaryBulkReview) -> None:
    """Raise ReviewForbidden unless a user may undo a bulk review."""
    if not may_undo(caller, bulk):
        raise ReviewForbidden(
            f"Needs the role {Role.SHIFTER.title} (you are {caller.role.title}), or to be {bulk.by}, who made this bulk review"
        )
