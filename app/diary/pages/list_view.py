"""What a list of jobs shows, from its address, and the addresses of other lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import request

from app.diary.errors import BadSearch
from app.diary.models import DiaryJob
from app.diary.pages.columns import DEFAULT_COLUMNS, columns_of
from app.diary.pages.job_view import MAX_LIST
from app.diary.pages.presenters import PATH, DiaryView, current_view
from app.diary.search.selection import ARGUMENTS, JobSelection, arguments, read_selection
from app.web.arguments import int_arg, unknown_argument
from app.web.links import NavLink

MAX_PAGE = 20_000
"""Last page of a list; earlier jobs are found by a search."""

LIST_ARGUMENTS = (*ARGUMENTS, "columns", "page", "since", "values")
"""Arguments of the addresses of lists; a misspelled one, if ignored, would show, review or download all jobs."""


@dataclass(frozen=True)
class ListView:
    """A list of jobs.

    Attributes:
        view: State of all pages of the diary.
        selection: Which jobs, in which order.
        columns: Names of columns, in their order.
        number: Of the page, from 1.
    """

    view: DiaryView
    selection: JobSelection
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    number: int = 1

    @property
    def is_everything(self) -> bool:
        """Whether nothing is selected."""
        return replace(self.selection, order=JobSelection().order) == JobSelection()

    @property
    def query(self) -> list[tuple[str, str]]:
        """The arguments of the address."""
        found = [(name, value) for name, value in arguments(self.selection) if name != "tz"]  # which the view adds
        found += [("columns", ",".join(self.columns))] if self.columns != DEFAULT_COLUMNS else []
        return found + ([("page", str(self.number))] if self.number > 1 else [])

    def address(self, path: str = PATH, **more: object) -> str:
        """The address of this list, or of another page about it."""
        return self.view.link(f"{path}?{urlencode(self.query)}" if self.query else path, **more)

    def having(self, **changes: object) -> ListView:
        """The first page of the list with another selection."""
        return replace(self, selection=replace(self.selection, **changes), number=1)  # type: ignore[arg-type]  # mypy does not know which field has which type

    def job(self, job: DiaryJob) -> str:
        """The address of the page of a job, from which a link leads back to this list unless its query is too long for that."""
        query = urlencode(self.query)
        return self.view.link(f"{PATH}/jobs/{job.id}", list=query if len(query) <= MAX_LIST else "")

    @property
    def zones(self) -> list[NavLink]:
        """Links to the same list in each time zone."""
        return [each._replace(href=replace(self, view=DiaryView(each.label)).address()) for each in self.view.zone_links(PATH)]


def list_view() -> ListView:
    """The list that the query of the request means. Raises BadSearch, and Problem 400 for wrong columns and pages."""
    lists, problem = read_list_view()
    if problem:
        raise BadSearch(problem)
    return lists


def read_list_view() -> tuple[ListView, str]:
    """The list of what can be used of the query, and what is wrong with the rest; "" if nothing is. Raises Problem 400 as above."""
    number = max(int_arg("page", 1, MAX_PAGE), 1)
    selection, problems = read_selection(request.args)
    problem = next(iter(problems), "") or unknown_argument(LIST_ARGUMENTS)
    return ListView(current_view(), selection, columns_of(request.args.getlist("columns")), number), problem
