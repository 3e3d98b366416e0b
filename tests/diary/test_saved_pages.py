"""Saved searches on the pages."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from app.core.settings import Settings
from app.diary.models import DiarySavedSearch
from app.security import Role
from tests.diary.test_list import fill, links, listed
from tests.diary.test_pages import text, words
from tests.diary.users import signed_in


def test_a_search_is_saved_under_a_name_with_its_order_and_columns(hub: Settings, client: FlaskClient) -> None:
    fill()
    anna = signed_in("anna", Role.SHIFTER)
    address = links(client.get("/diary?state=failed&order=oldest&columns=user&page=1", headers=anna).text)["Save this search"]
    form = client.get(address, headers=anna).text
    assert "Save this search state failed" in words(form)
    (action,) = re.findall(r'action="(/diary/searches\?[^"]+)"', form)
    answer = client.post(action.replace("&amp;", "&"), data={"name": " failed ones"}, headers=anna)
    assert answer.status_code == 303
    html = client.get(answer.location, headers=anna).text
    assert listed(html) == ["fit_one", "fit_two"]
    assert re.search(r'<a href="[^"]+" aria-current="true"><span><bdi>failed ones<', html)
    assert links(client.get("/diary?tz=utc", headers=anna).text)["failed ones"] == f"{answer.location}&tz=utc"
    assert "failed ones" not in text(client, "/diary")


def test_a_shared_search_is_in_the_menu_of_all_and_deleted_by_its_user_or_an_operator(hub: Settings, client: FlaskClient) -> None:
    anna, bob, olga = signed_in("anna", Role.SHIFTER), signed_in("bob", Role.SHIFTER), signed_in("olga", Role.OPERATOR)
    for name in ("mine", "ours"):
        client.post("/diary/searches?user=anna", data={"name": name, "shared": "1"}, headers=anna)
    number = DiarySavedSearch.get(DiarySavedSearch.name == "ours").id
    assert "ours anna" in links(client.get("/diary").text)
    assert f"/diary/searches/{number}/delete" not in client.get("/diary/searches", headers=bob).text
    assert f"/diary/searches/{number}/delete" in client.get("/diary/searches", headers=olga).text
    assert client.post(f"/diary/searches/{number}/delete", headers=bob).status_code == 403
    assert client.post(f"/diary/searches/{number}/delete").status_code == 403
    assert client.post(f"/diary/searches/{number}/delete", headers=olga).status_code == 303
    assert client.post(f"/diary/searches/{number}/delete", headers=anna).status_code == 303  # it is gone already
    assert "mine anna with all" in text(client, "/diary/searches")
    assert "ours" not in text(client, "/diary/searches")


def test_a_search_without_a_name_is_refused_with_the_form(hub: Settings, client: FlaskClient) -> None:
    answer = client.post("/diary/searches?q=fit", data={"name": " ", "shared": "1"}, headers=signed_in("anna", Role.SHIFTER))
    assert answer.status_code == 400
    assert "Expected 1 to 60 characters" in words(answer.text)
    assert 'value="1" checked' in answer.text
    assert "Sign in to save searches" in text(client, "/diary/searches?q=fit")
    assert client.post("/diary/searches?q=fit", data={"name": "x"}).status_code == 403


def test_a_search_that_cannot_be_read_is_not_saved(hub: Settings, client: FlaskClient) -> None:
    answer = client.post("/diary/searches?q=state:bad", data={"name": "broken"}, headers=signed_in("anna", Role.SHIFTER))
    assert answer.status_code == 400
    assert "state is one of unknown, pending" in words(answer.text)
    assert not DiarySavedSearch.select().exists()


def test_private_searches_of_others_look_like_those_that_are_gone(hub: Settings, client: FlaskClient) -> None:
    client.post("/diary/searches?user=anna", data={"name": "mine"}, headers=signed_in("anna", Role.SHIFTER))
    row, bob = DiarySavedSearch.get(), signed_in("bob", Role.SHIFTER)
    private, gone = (client.post(f"/diary/searches/{number}/delete", headers=bob) for number in (row.id, row.id + 1))
    assert (private.status_code, private.text, private.location) == (gone.status_code, gone.text, gone.location)
    assert DiarySavedSearch.select().exists()


def test_deleting_a_search_that_others_use_asks_first(hub: Settings, client: FlaskClient) -> None:
    anna = signed_in("anna", Role.SHIFTER)
    for name, more in (("own", {}), ("of all", {"shared": "1"})):
        assert client.post("/diary/searches?q=fit", data={"name": name, **more}, headers=anna).status_code == 303
    found = words(client.get("/diary/searches", headers=anna).text)
    assert "Delete Nobody will have this search any more; it cannot be undone. Delete for all" in found
    assert found.count("Nobody will have this search") == 1
