"""Steps to the next and previous job of the list from which a reader came."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode

from app.diary.errors import BadSearch
from app.diary.models import DiaryJob
from app.diary.pages.job_list import PAGE_ROWS
from app.diary.pages.job_view import JobView
from app.diary.pages.list_view import MAX_PAGE
from app.diary.pages.presenters import PATH
from app.diary.review.rights import batch_users
from app.diary.search.find import find_numbers
from app.diary.search.selection import selection_of
from app.security.caller import current_user
from app.web.arguments import parse_int


class JobNeighbours(NamedTuple):
    """Addresses of the pages of the jobs before and after a job in a list; "" for none."""

    before: str = ""
    after: str = ""


def neighbours(job: DiaryJob, view: JobView) -> JobNeighbours:
    """The neighbours of a job in its list. If the job has left the list, as after a review, the first job of the page comes next."""
    if not view.list_query:
        return JobNeighbours()
    query = parse_qs(view.list_query)
    page = min(max(parse_int(query.get("page", ["1"])[0]) or 1, 1), MAX_PAGE)
    first = max((page - 1) * PAGE_ROWS - 1, 0)  # with the last job of the page before, and the first one of the next page
    try:
        numbers = find_numbers(selection_of(query | {"tz": [view.tz]}), batch_users(current_user()), PAGE_ROWS + 2, first)
    except BadSearch:
        return JobNeighbours()

    def address(position: int) -> str:
        if not 0 <= position < len(numbers):
            return ""
        number = (first + position) // PAGE_ROWS + 1
        kept = [(name, value) for name, value in parse_qsl(view.list_query) if name != "page"]
        own = replace(view, list_query=urlencode(kept + ([("page", str(number))] if number > 1 else [])))
        return own.link(f"{PATH}/jobs/{numbers[position]}")

    if job.id not in numbers:
        return JobNeighbours("", address((page - 1) * PAGE_ROWS - first))
    position = numbers.index(job.id)
    return JobNeighbours(address(position - 1), address(position + 1))
