"""The link from the pages of a run in other areas to its jobs."""

from __future__ import annotations

from app.core.area import RunLink
from app.diary.search.find import find_numbers
from app.diary.search.selection import JobSelection
from app.web.links import link


def run_links(run: int) -> list[RunLink]:
    """The link to the jobs with the label of this run; none if there is no such job."""
    selection = JobSelection(run=(str(run),))
    return [RunLink("Jobs of this run", link("/diary", {"run": run}))] if find_numbers(selection, (), 1) else []
