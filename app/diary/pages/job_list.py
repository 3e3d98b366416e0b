"""/diary: the list of jobs, with what can be selected, errors to look at, and the states of the sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from flask import Blueprint, Response, redirect, render_template, request
from peewee import fn
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import rows
from app.diary.errors import BadSearch
from app.diary.index_models import DiaryIndex
from app.diary.models import DiaryEvent
from app.diary.pages.columns import COLUMNS
from app.diary.pages.list_choices import FACETS, Facet, choices_of, column_links, facets_of, later_facets, order_links, selected_of
from app.diary.pages.list_rows import DiaryRow, rows_of
from app.diary.pages.list_view import MAX_PAGE, ListView, list_view, read_list_view
from app.diary.pages.presenters import PATH
from app.diary.pages.saved import shown_searches
from app.diary.pages.source_lines import ShownSource, shown_sources, summary_of
from app.diary.review.rights import batch_users, may_review_all
from app.diary.search.find import count, facets, find
from app.diary.search.matching import count_query
from app.diary.search.query import fields_of, with_field
from app.diary.search.selection import ENDED, JobSelection
from app.diary.search.tallied import tallied_count
from app.diary.settings import DiarySettings
from app.diary.states import FAILED
from app.security import Role, needs
from app.security.caller import current_user
from app.web import Problem, etag_of, nothing_new, page, request_settings
from app.web.frame import href

blueprint = Blueprint("diary", __name__)

PAGE_ROWS = 50
COUNTED_JOBS = 2_000
"""Most jobs whose values are counted for each list: among a million jobs each of them takes 0.06 ms."""
COMPARED_ROWS = 1000
"""Newest changes by which a list knows whether anything has changed; they are read in 0.2 ms."""
ERROR_ROWS = 3
"""Errors to look at that stand above the list."""

TO_LOOK_AT = JobSelection(state=(FAILED,), review=("open",), order=ENDED)
"""Failed jobs without a review, the latest end first."""


class Errors(NamedTuple):
    """The errors to look at."""

    total: int
    newest: list[DiaryRow]
    address: str  # of the list of all


@blueprint.get(PATH)
@needs(Role.VIEWER)
def show_list() -> AnyResponse:
    """The selected jobs; 204 for a page that polls and shows them already, 400 with the form for a search that cannot be read."""
    if "show_obsolete" in request.args:  # of CAE Job Diary
        return redirect(href(f"{PATH}/?{request.query_string.decode('ascii', 'replace')}"))
    (lists, problem), sources = read_list_view(), shown_sources(request_settings())
    version = _version(sources)
    if answer := nothing_new(version):
        return answer
    shared = _frame(lists, sources) | {"poll": lists.address(since=version)}
    if not problem:
        try:
            return _page(**shared | _content(lists))
        except BadSearch as error:
            problem = str(error)
    response = _page(**shared, problem=problem)
    response.status_code = 400
    return response


@blueprint.get(f"{PATH}/values/<field>")
@needs(Role.VIEWER)
def field_values(field: str) -> str:
    """The values of the selected jobs in a field, as elements of the list in its menu."""
    if field not in FACETS:
        raise Problem(404, f"Lists of jobs count no values of {field[:100]!r}")
    lists = list_view()
    values = facets(lists.selection, batch_users(current_user()), (field,))[field]
    return render_template("diary/facet_values.html", choices=list(choices_of(lists, field, values.counts)), is_cut=values.is_cut)


def _page(**context: Any) -> Response:
    """The page, or the requested one of its two fragments: a poll leaves the form as it is.

    A search that cannot be read, such as half a word, changes only the form: the jobs of the last one stay on the page.
    """
    if context.get("problem"):
        response = page("diary/list.html", "diary/search_form.html", **context)
        response.headers["HX-Retarget"] = "#search"
        return response
    part = "diary/jobs_fragment.html" if _is_poll() else "diary/list_fragment.html"
    return page("diary/list.html", part, **context)


def _is_poll() -> bool:
    return request.headers.get("HX-Target") == "jobs"


def _version(sources: list[ShownSource]) -> str:
    """The version of all lists: it differs after each change of a job or of its review, and when jobs are removed.

    A row that another transaction has stored later may have a lower number or an earlier time than those that are there:
    it is seen as long as it is one of the newest.
    """
    events = DiaryEvent.select(DiaryEvent.id.alias("at")).order_by(DiaryEvent.id.desc()).limit(COMPARED_ROWS)
    jobs = (
        DiaryIndex.select((DiaryIndex.changed * 1000).cast("BIGINT").alias("at")).order_by(DiaryIndex.changed.desc()).limit(COMPARED_ROWS)
    )
    sums = [DiaryEvent.select(fn.MAX(newest.c.at), fn.SUM(newest.c.at)).from_(newest) for newest in (events, jobs)]
    moments = [value for query in sums for values in rows(query) for value in values]
    return etag_of(
        tallied_count(JobSelection(obsolete=True), ()),
        *moments,
        *((source.name, source.line.state, source.line.text) for source in sources),
    )


def _frame(lists: ListView, sources: list[ShownSource]) -> dict[str, Any]:
    """What does not depend on the jobs that are found."""
    caller = current_user()
    return {
        "lists": lists,
        "view": lists.view,
        "titles": COLUMNS,
        "sources": sources,
        "sources_text": summary_of(sources),
        "is_known": bool(batch_users(caller)),
        "may_review": may_review_all(caller, lists.selection),
        "selected": selected_of(lists),
        "orders": order_links(lists),
        "columns": column_links(lists),
        "searches": shown_searches(lists.view, lists),
        "poll_s": request_settings().of(DiarySettings).diary_refresh_s,
    }


def _content(lists: ListView) -> dict[str, Any]:
    """The jobs of the page, and what is known of all that are selected. Raises BadSearch."""
    users, selection = batch_users(current_user()), lists.selection
    total = count(selection, users)
    last = min(max(-(-total // PAGE_ROWS), 1), MAX_PAGE)
    number = min(lists.number, last)  # of a list that has become shorter the last page
    lists = replace(lists, number=number)
    found = find(selection, users, PAGE_ROWS, (number - 1) * PAGE_ROWS)
    return {
        "lists": lists,
        "rows": rows_of(found, lists),
        "total": total,
        "last": last,
        "hidden": 0 if total or selection.obsolete else count(replace(selection, obsolete=True), users),
        "unknown_fields": [] if total else [name for name in fields_of(selection.q) if not count_query(with_field(name))],
        "errors": _errors(lists, users) if lists.is_everything and number == 1 else None,
        "facets": [] if _is_poll() else _facets(lists, users, total),
        "newer": replace(lists, number=number - 1).address() if number > 1 else "",
        "older": replace(lists, number=number + 1).address() if number < last else "",
    }


def _facets(lists: ListView, users: tuple[str, ...], total: int) -> list[Facet]:
    """The values that can be chosen; of many jobs they are counted only when somebody opens a menu."""
    if total > COUNTED_JOBS and request.args.get("values") != "1":
        return later_facets(lists)
    return facets_of(lists, facets(lists.selection, users))


def _errors(lists: ListView, users: tuple[str, ...]) -> Errors:
    everything = replace(lists, selection=TO_LOOK_AT)
    newest = find(TO_LOOK_AT, users, ERROR_ROWS, 0)
    return Errors(count(TO_LOOK_AT, users) if newest else 0, rows_of(newest, everything), everything.address())
