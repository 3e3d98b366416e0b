"""Searches of the list that users save under a name, for themselves or for all."""

from __future__ import annotations

from urllib.parse import parse_qs

from app.core.database import proxy
from app.core.text import one_line
from app.diary.errors import BadSearch
from app.diary.models import DiarySavedSearch
from app.diary.review.errors import BadReview, ReviewForbidden, UnknownSearch
from app.diary.search.selection import query_of, selection_of
from app.security.audit_log import audit

MAX_NAME = 60
MAX_ADDRESS = 2000
MAX_SEARCHES = 100
"""Searches of one user."""


def saved_searches(user: str) -> list[DiarySavedSearch]:
    """The searches of a user by name, then those that others share."""
    visible = (DiarySavedSearch.user == user) | DiarySavedSearch.is_shared
    found = DiarySavedSearch.select().where(visible)
    return sorted(found, key=lambda row: (row.user != user, row.name.casefold(), row.user))


def save_search(user: str, name: str, address: str, is_shared: bool = False) -> DiarySavedSearch:
    """Save a search under a name; an earlier one of this user with this name is replaced.

    Args:
        user: Login.
        name: For people.
        address: Query of the address of the list, as `q=state%3Afailed&source=slurm`.
        is_shared: Whether all users see it.

    Raises BadReview.
    """
    name, address = one_line(name), address.strip().removeprefix("?")
    wrong = []
    if not 1 <= len(name) <= MAX_NAME:
        wrong.append(("name", f"Expected 1 to {MAX_NAME} characters, not {len(name)}"))
    if len(address) > MAX_ADDRESS or not address.isascii() or not address.isprintable():
        wrong.append(("address", f"Expected the query of an address with at most {MAX_ADDRESS:,} letters"))
    elif problem := _search_problem(address):
        wrong.append(("address", problem))
    if wrong:
        raise BadReview(wrong)
    mine = DiarySavedSearch.user == user
    with proxy.atomic():
        values = {"user": user, "name": name, "address": address, "is_shared": is_shared}
        kept = [DiarySavedSearch.address, DiarySavedSearch.is_shared]
        target = [DiarySavedSearch.user, DiarySavedSearch.name]
        DiarySavedSearch.insert(values).on_conflict(conflict_target=target, preserve=kept).execute()
        if DiarySavedSearch.select().where(mine).count() > MAX_SEARCHES:
            raise BadReview([("name", f"You have {MAX_SEARCHES} searches already; delete one first")])
        if is_shared:
            audit("share search of jobs", f"{name}: {address}", user=user)
    row: DiarySavedSearch = DiarySavedSearch.get(mine, DiarySavedSearch.name == name)
    return row


def _search_problem(address: str) -> str:
    """Why the list of an address shows no jobs; "" if it does."""
    try:
        query_of(selection_of(parse_qs(address)), ())
    except BadSearch as error:
        return str(error)
    return ""


def delete_search(number: int, user: str, may_delete_any: bool = False) -> None:
    """Delete a search; one that is gone is deleted already, and a private one of another user looks the same.

    Raises ReviewForbidden if another user shares it, and UnknownSearch if there cannot be one of this number.

    may_delete_any: an operator removes what others share.
    """
    if number >= 2**31:
        raise UnknownSearch("There is no such saved search")
    row = DiarySavedSearch.get_or_none(DiarySavedSearch.id == number)
    if row is None or not (row.user == user or row.is_shared):
        return
    if row.user != user and not may_delete_any:
        raise ReviewForbidden(f"This search belongs to {row.user}, who can delete it")
    with proxy.atomic():
        DiarySavedSearch.delete().where(DiarySavedSearch.id == row.id).execute()
        if row.is_shared:
            audit("delete search of jobs", f"{row.name}: {row.address}", user=user)
