"""Which jobs a page shows, and in which order: the same in addresses of pages, of the API and in commands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from datetime import UTC
from typing import Any

from app.core.zones import CERN, DEFAULT_ZONE, ZONES
from app.diary.errors import BadSearch
from app.diary.search.query import CHOICES, JobQuery, JobTerm, one_of, parse

FACETS = ("state", "review", "verdict", "source", "user", "project", "run", "tag")
"""Fields selected by whole values; several values of one field: either of them."""

NEWEST, OLDEST, CHANGED, ENDED, NAME, USER = ORDERS = ("newest", "oldest", "changed", "ended", "name", "user")
"""newest and oldest: by submission; changed and ended: the last first; name and user: by alphabet."""

ARGUMENTS = ("q", *FACETS, "obsolete", "mine", "order", "tz")
"""Arguments of addresses that select and order jobs."""

MAX_VALUES = 50
"""Values of one field."""
OBSOLETE = "obsolete"


@dataclass(frozen=True)
class JobSelection:
    """Which jobs, and in which order."""

    q: str = ""
    state: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    project: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    obsolete: bool = False  # also jobs with the verdict obsolete, which are left out by default
    mine: bool = False  # only jobs of the users of the batch systems who are the reader
    order: str = NEWEST
    tz: str = field_of(default=DEFAULT_ZONE, compare=False)  # of days and times of the search, a key of ZONES: that of the page


def selection_of(args: Mapping[str, Any]) -> JobSelection:
    """The selection of the query of an address, a MultiDict or a mapping to texts or lists of them. Raises BadSearch."""
    selection, problems = read_selection(args)
    if problems:
        raise BadSearch(problems[0])
    return selection


def read_selection(args: Mapping[str, Any]) -> tuple[JobSelection, list[str]]:
    """The selection of what can be used of the query of an address, and what is wrong with the rest, in sentences."""
    found, problems = {}, []
    for field in FACETS:
        values = tuple(dict.fromkeys(_texts(args, field)))
        known = CHOICES.get(field, values)
        problems += [f"{field}={value[:100]}: {field} is one of {', '.join(known)}" for value in values if value not in known]
        if len(values) > MAX_VALUES:
            problems.append(f"{field}: jobs are selected by at most {MAX_VALUES} values of a field, not {len(values)}")
        found[field] = tuple(value for value in values if value in known)[:MAX_VALUES]
    order = _last(args, "order") or NEWEST
    if order not in ORDERS:
        problems.append(f"order={order[:100]}: order is one of {', '.join(ORDERS)}")
        order = NEWEST
    flags = {name: _last(args, name) or "0" for name in ("obsolete", "mine")}
    problems += [f"{name}={value[:100]}: {name} is 0 or 1" for name, value in flags.items() if value not in ("0", "1")]
    obsolete, mine = (flags[name] == "1" for name in ("obsolete", "mine"))
    tz = next(iter(_texts(args, "tz")), "")
    tz = tz if tz in ZONES else DEFAULT_ZONE
    return JobSelection(_last(args, "q"), **found, obsolete=obsolete, mine=mine, order=order, tz=tz), problems


def arguments(selection: JobSelection) -> list[tuple[str, str]]:
    """The query of the address of a selection, always in the same order and without what is so by default."""
    found = [("q", selection.q)] if selection.q else []
    found += [(field, value) for field in FACETS for value in getattr(selection, field)]
    found += [(name, "1") for name in ("obsolete", "mine") if getattr(selection, name)]
    found += [("order", selection.order)] if selection.order != NEWEST else []
    return found + ([("tz", selection.tz)] if selection.tz != DEFAULT_ZONE else [])


def query_of(selection: JobSelection, users: tuple[str, ...], now: float | None = None) -> JobQuery:
    """All that a job of the selection must match. users: who the reader is in the batch systems. Raises BadSearch."""
    read = parse(selection.q, time.time() if now is None else now, UTC if selection.tz == "utc" else CERN)
    terms = [*read.terms, *(one_of(field, getattr(selection, field)) for field in FACETS if getattr(selection, field))]
    if selection.mine:
        terms.append(one_of("user", users))
    (obsolete,) = one_of("verdict", [OBSOLETE]).either
    is_asked_for = any(obsolete in term.either and not term.is_excluded for term in terms)
    if not selection.obsolete and not is_asked_for:
        terms.append(JobTerm((obsolete,), is_excluded=True))
    return JobQuery(tuple(terms), read.since, read.until)


def _texts(args: Mapping[str, Any], name: str) -> list[str]:
    """The values of a field, without blanks at their ends."""
    if hasattr(args, "getlist"):
        values = args.getlist(name)
    else:
        value = args.get(name, ())
        values = [value] if isinstance(value, str) else list(value)
    return [text for text in (str(value).strip() for value in values) if text]


def _last(args: Mapping[str, Any], name: str) -> str:
    return next(iter(reversed(_texts(args, name))), "")
