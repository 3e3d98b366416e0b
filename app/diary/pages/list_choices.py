"""What can be chosen in a list of jobs: facets with counts, what is selected, the order and the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from app.diary.pages.columns import COLUMNS, JOB, toggled
from app.diary.pages.list_view import ListView
from app.diary.pages.presenters import BADGES, PATH, REVIEW_BADGES, VERDICT_BADGES
from app.diary.search.facets import FieldValues
from app.diary.search.query import MAX_TERMS, pieces_of
from app.web.links import NavLink

FACETS = {
    "state": "State",
    "review": "Review",
    "verdict": "Verdict",
    "source": "Source",
    "user": "User",
    "project": "Project",
    "run": "Run",
    "tag": "Tag",
}
"""Titles of the fields by which jobs are counted, as an address names them."""

ORDERS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "changed": "changed last first",
    "ended": "ended last first",
    "name": "by name",
    "user": "by user",
}
"""Titles of the orders."""

WORDS = {name: badge.text for badges in (BADGES, REVIEW_BADGES, VERDICT_BADGES) for name, badge in badges.items()}
"""Values that pages show in other words."""


SEARCHES = (
    ("fit beamspot", "with words that begin so"),
    ('"beam spot"', "with these words one after the other"),
    ("state:failed review:open", "that failed and have not been reviewed"),
    ("user:anna,bob", "of either user, whole names; so for project, source, kind, id, tag, run and each other label"),
    ("run:3587*", "whose run begins with this; likewise for the other fields"),
    ("name:pixel", "with a word in the name that begins with this"),
    ("run:358788 -pixel", "of this run, without the word"),
    (
        "since:2d",
        "submitted in the last two days; also 90m, 12h, 1w, 2026-11-01, 2026-11-01T12:30 in the time zone of the page, 2026-11-01T12:30Z in UTC",
    ),
    ("until:2026-11-01", "submitted before the end of this day"),
)
"""Examples of searches with what they find."""


class FacetValue(NamedTuple):
    """A value of a facet; its link selects it, or no longer if it is selected."""

    text: str
    jobs: int | None  # that have it; None: not counted
    address: str
    is_selected: bool


class Facet(NamedTuple):
    """The values that the selected jobs have in a field."""

    title: str
    selected: int  # number of values
    choices: list[FacetValue]
    is_cut: bool = False  # the jobs may have more values
    later: str = ""  # address of the choices, which are counted when the menu is opened
    here: str = ""  # address of the list with all choices, for browsers without scripts


class Selected(NamedTuple):
    """A part of the selection that can be removed."""

    field: str
    text: str
    without: str  # address of the list without it


def facets_of(lists: ListView, values: Mapping[str, FieldValues]) -> list[Facet]:
    """The facets that have values.

    Args:
        lists: The list.
        values: Those of the selected jobs by field.
    """
    found = [
        Facet(title, len(getattr(lists.selection, name)), list(choices_of(lists, name, values[name].counts)), values[name].is_cut)
        for name, title in FACETS.items()
    ]
    return [facet for facet in found if facet.choices]


def later_facets(lists: ListView) -> list[Facet]:
    """The facets of so many jobs that values are counted when somebody wants to see them."""
    here = lists.address(values=1)
    return [
        Facet(title, len(getattr(lists.selection, name)), [], False, lists.address(f"{PATH}/values/{name}"), here)
        for name, title in FACETS.items()
    ]


def choices_of(lists: ListView, name: str, counts: Sequence[tuple[str, int]]) -> Iterator[FacetValue]:
    """The values of a field."""
    selected = getattr(lists.selection, name)
    known = {value for value, _ in counts}
    absent: list[tuple[str, int | None]] = [(value, None) for value in selected if value not in known]
    for value, count in [*absent, *((value, count) for value, count in counts if value)]:
        values = tuple(each for each in selected if each != value) if value in selected else (*selected, value)
        yield FacetValue(word(name, value), count, lists.having(**{name: values}).address(), value in selected)


def selected_of(lists: ListView) -> list[Selected]:
    """The parts of the selection, which can be removed one by one."""
    selection = lists.selection
    pieces = pieces_of(selection.q)
    if selection.q and not 0 < len(pieces) <= MAX_TERMS:  # not read, so it has no parts: with a link for each the page would have many MB
        pieces = [selection.q]
    others = [" ".join(pieces[:index] + pieces[index + 1 :]) for index in range(len(pieces))]
    found = [Selected("search", piece, lists.having(q=rest).address()) for piece, rest in zip(pieces, others, strict=True)]
    for name, title in FACETS.items():
        values = getattr(selection, name)
        for value in values:
            without = lists.having(**{name: tuple(each for each in values if each != value)})
            found.append(Selected(title.lower(), word(name, value), without.address()))
    for name, text in (("mine", "my jobs"), ("obsolete", "with obsolete ones")):
        if getattr(selection, name):
            found.append(Selected("", text, lists.having(**{name: False}).address()))
    return found


def word(name: str, value: str) -> str:
    """A value of a facet in the words of the page."""
    return WORDS.get(value, value) if name in ("state", "review", "verdict") else value


def order_links(lists: ListView) -> list[NavLink]:
    """Links to the same list in each order."""
    return [NavLink(title, lists.having(order=name).address(), name == lists.selection.order) for name, title in ORDERS.items()]


def column_links(lists: ListView) -> list[NavLink]:
    """Links that add or remove a column."""
    names = [name for name in COLUMNS if name != JOB]
    return [NavLink(COLUMNS[name], replace(lists, columns=toggled(lists.columns, name)).address(), name in lists.columns) for name in names]
