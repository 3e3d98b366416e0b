"""Saved searches of jobs."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.diary.models import DiarySavedSearch
from app.diary.review import saved
from app.diary.review.errors import BadReview, ReviewForbidden, UnknownSearch
from app.diary.review.saved import delete_search, save_search, saved_searches

pytestmark = pytest.mark.both_databases


def names(user: str) -> list[str]:
    return [f"{row.user}: {row.name}" for row in saved_searches(user)]


def test_a_user_sees_own_searches_and_those_that_others_share(hub: Settings) -> None:
    save_search("anna", "zoo", "q=a")
    save_search("anna", "Beam", "?q=b", is_shared=True)
    save_search("bob", "mine", "q=c")
    save_search("bob", "all", "q=d", is_shared=True)
    assert names("anna") == ["anna: Beam", "anna: zoo", "bob: all"]
    assert names("") == ["bob: all", "anna: Beam"]
    assert [row.address for row in saved_searches("anna")] == ["q=b", "q=a", "q=d"]


def test_a_search_that_is_saved_under_the_same_name_replaces_the_earlier_one(hub: Settings) -> None:
    first = save_search("anna", "x", "q=a", is_shared=True)
    second = save_search("anna", " x ", "q=b")
    assert (second.id, second.address, second.is_shared) == (first.id, "q=b", False)
    assert save_search("bob", "x", "q=c").id != first.id


def test_a_search_is_deleted_by_its_user_and_a_shared_one_by_operators(hub: Settings) -> None:
    own, shared = save_search("anna", "own", "q=a"), save_search("anna", "shared", "q=b", is_shared=True)
    with pytest.raises(ReviewForbidden, match="This search belongs to anna"):
        delete_search(shared.id, "bob")
    delete_search(own.id, "bob")
    delete_search(own.id, "olga", may_delete_any=True)
    assert DiarySavedSearch.select().count() == 2, "private searches of others are as those that are gone"
    delete_search(shared.id, "olga", may_delete_any=True)
    delete_search(own.id, "anna")
    delete_search(own.id, "anna")
    with pytest.raises(UnknownSearch):
        delete_search(2**31, "anna")
    assert not DiarySavedSearch.select().exists()


@pytest.mark.parametrize(
    ("name", "address"), [("", "q=a"), ("\u202e", ""), ("x" * 61, "q=a"), ("x", "q=\na"), ("x", "q" * 2001), ("x", "q=ü")]
)
def test_a_search_without_a_good_name_or_address_is_refused(hub: Settings, name: str, address: str) -> None:
    if name == "\u202e":  # is shown as a sign, so it is a name
        assert save_search("anna", name, address).name == "\ufffd"
        return
    with pytest.raises(BadReview):
        save_search("anna", name, address)


def test_a_user_can_save_a_limited_number_of_searches(hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MAX_SEARCHES", 3)
    for number in range(3):
        save_search("anna", str(number), "")
    with pytest.raises(BadReview, match="delete one first"):
        save_search("anna", "4", "")
    assert len(saved_searches("anna")) == 3
    save_search("anna", "2", "q=new")
