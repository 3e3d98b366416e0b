"""Private layouts and other people: nobody else sees them, unless by a link that their owner makes."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote, unquote

import pytest
from flask.testing import FlaskClient

from app.gui.layouts.editing import private, store
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.errors import UnknownArrangement
from app.gui.layouts.models import Arrangement
from app.security import Role, accounts, tokens
from app.security.models import Audit
from tests.gui.layouts.private.my_plots import FOLDER, PLOT, Browsers, actions, latest, names, pin, pinned
from tests.security.conftest import HOME, PASSWORD, sign_in


def test_a_removed_layout_can_be_restored_without_its_link(ada: FlaskClient) -> None:
    pinned(ada, "a", "b")
    number = latest().number
    ada.post(f"/my/plots/{number}/share")
    link = latest().link
    answer = ada.post(f"/my/plots/{number}/remove")
    assert answer.location == f"/my/plots?removed={number}"
    assert private.layouts_of("ada") == []
    assert ada.get(f"/my/plots/{number}").status_code == 404
    assert "Restore" in ada.get(answer.location).text
    assert ada.post(f"/my/plots/{number}/restore").status_code == 303
    assert names(latest()) == [["a", "b"]]
    assert ada.get(f"/my/plots/shared/{link}").status_code == 404


def test_the_link_of_a_layout_ends_with_it_wherever_it_is_removed(ada: FlaskClient, client: FlaskClient) -> None:
    number = pinned(ada, "a").number
    ada.post(f"/my/plots/{number}/share")
    before = latest()
    pinned(ada, "b", to=str(number))
    with pytest.raises(ArrangementConflict):
        private.remove(before)
    assert client.get(f"/my/plots/shared/{before.link}").status_code == 200, "a refused removal changes nothing"
    ada.post(f"/layouts/{number}/remove", data={"based_on": 2, "reason": "old"})
    ada.post(f"/layouts/{number}/roll-back", data={"version": 2, "based_on": 3, "reason": "back"})
    assert latest().link == ""
    assert client.get(f"/my/plots/shared/{before.link}").status_code == 404
    assert [row.answer for row in Audit.select().where(Audit.action == "remove private layout")] == ["its link is removed"]


def test_a_removed_layout_gets_no_link(ada: FlaskClient) -> None:
    found = pinned(ada, "a")
    private.remove(found)
    with pytest.raises(UnknownArrangement):
        private.share(found)
    assert Arrangement.get().link is None


@pytest.mark.both_databases
def test_a_shared_layout_is_seen_by_its_link_until_the_link_is_removed(ada: FlaskClient, browsers: Browsers, client: FlaskClient) -> None:
    number = pinned(ada, "Muons/pt", "Muons/eta").number
    ada.post(f"/my/plots/{number}/share")
    link = latest().link
    assert len(link) >= 20
    ada.post(f"/my/plots/{number}/share")
    assert latest().link == link, "a second press makes no second link"
    assert f"http://127.0.0.1:8889/my/plots/shared/{link}" in ada.get(f"/my/plots/{number}").text
    for reader in (client, browsers("ben")):
        page = reader.get(f"/my/plots/shared/{link}")
        assert page.status_code == 200
        assert "Private layout of ada" in page.text
        assert unescape(re.sub(r"<wbr>", "", page.text)).count("Muons/eta") == 1
    ada.post(f"/my/plots/{number}/withdraw")
    for reader in (client, ada):
        page = reader.get(f"/my/plots/shared/{link}")
        assert page.status_code == 404
        assert "There is no shared layout at this link: it was removed" in page.text
    ada.post(f"/my/plots/{number}/share")
    assert latest().link not in ("", link), "the old link stays dead"


@pytest.mark.parametrize("link", ["x", "A" * 24, "%25", "12"])
def test_an_unknown_link_is_not_found(client: FlaskClient, browsers: Browsers, link: str) -> None:
    pinned(browsers("ada"), "a")
    assert client.get(f"/my/plots/shared/{link}").status_code == 404


def test_a_shared_layout_is_copied_and_the_copy_is_independent(ada: FlaskClient, browsers: Browsers) -> None:
    number = pinned(ada, "a").number
    ada.post(f"/my/plots/{number}/share")
    ben = browsers("ben")
    answer = ben.post(f"/my/plots/shared/{latest().link}", data={"name": "From ada"})
    assert answer.status_code == 303
    assert ben.get(answer.location).status_code == 200
    pinned(ada, "b", to=str(number))
    ben.post(f"/my/plots/{latest('ben').number}/share")
    assert [names(latest(user)) for user in ("ada", "ben")] == [[["a", "b"]], [["a"]]]
    assert latest("ben").link != latest().link
    again = ben.post(f"/my/plots/shared/{latest().link}", data={"name": "From ada"})
    assert again.status_code == 409


def test_nobody_reads_or_changes_the_private_layout_of_another_user(ada: FlaskClient, browsers: Browsers, client: FlaskClient) -> None:
    number, link = pinned(ada, "secret/plot").number, ""
    ada.post(f"/my/plots/{number}/share")
    link = latest().link
    admin = tokens.make(accounts.add("eve", Role.ADMIN, PASSWORD), "test", Role.ADMIN, 1)[1]
    readers: list[tuple[FlaskClient, dict[str, str]]] = [(browsers("ben"), {}), (browsers("eve"), {}), (client, {})]
    readers.append((client, {"Authorization": f"Bearer {admin}"}))
    before = latest()
    for reader, headers in readers:
        for method, path in (
            ("GET", f"/my/plots/{number}"),
            *(("POST", f"/my/plots/{number}{action}") for action in ("", "/remove", "/restore", "/share", "/withdraw", "/draft")),
            ("GET", f"/layouts/{number}"),
            ("GET", f"/layouts/{number}/edit"),
            ("GET", f"{FOLDER}?shared={number}"),
        ):
            answer = reader.open(
                path, method=method, headers=headers, data={"do": "remove-0", "version": "1"} if method == "POST" else None
            )
            assert answer.status_code in (303, 403, 404), f"{method} {path}"
            assert "secret/plot" not in answer.text
            assert link not in answer.text
        assert pin(reader, to=str(number)).status_code in (303, 403, 404)
        for path in ("/my/plots", "/layouts", "/api/v1/layouts?name=My%20plots"):
            assert "secret" not in reader.get(path, headers=headers).text
    assert latest() == before


def test_a_token_neither_reads_nor_changes_private_layouts(ada: FlaskClient, client: FlaskClient) -> None:
    number = pinned(ada, "a").number
    user = accounts.user_by_name("ada")
    assert user
    bearer = {"Authorization": f"Bearer {tokens.make(user, 'test', Role.VIEWER, 1)[1]}"}
    for method, path in (("GET", "/my/plots"), ("GET", f"/my/plots/{number}"), ("POST", f"/my/plots/{number}/remove")):
        answer = client.open(path, method=method, headers=bearer)
        assert answer.status_code == 403
        assert "not an API token" in answer.text
    assert client.post("/my/plots/pin", headers=bearer, data={"address": PLOT}).status_code == 403


def test_who_is_not_signed_in_signs_in_first_and_is_back_at_the_plot(client: FlaskClient, browsers: Browsers) -> None:
    page = client.get("/my/plots/pin", query_string={"address": PLOT})
    assert unquote(page.location) == f"/account/sign-in?next={PLOT}"
    assert pin(client).location == page.location
    assert sign_in(client, "ada", next=PLOT).location == PLOT
    assert client.post("/my/plots/pin", data={"address": PLOT}, headers={"Origin": HOME}).location == PLOT
    assert names(latest()) == [["Muons/pt"]]


@pytest.mark.parametrize("path", ["/my/plots", "/my/plots/7"])
def test_pages_of_private_layouts_lead_to_the_sign_in_page_and_back(client: FlaskClient, path: str) -> None:
    assert client.get(path).location == f"/account/sign-in?next={quote(path)}"


def test_the_links_of_a_disabled_account_lead_nowhere_and_its_layouts_stay(
    ada: FlaskClient, client: FlaskClient, browsers: Browsers
) -> None:
    ada.post(f"/my/plots/{pinned(ada, 'a').number}/share")
    link = latest().link
    user = accounts.user_by_name("ada")
    assert user
    accounts.set_disabled(user, True)
    assert client.get(f"/my/plots/shared/{link}").status_code == 404
    accounts.set_disabled(user, False)
    assert client.get(f"/my/plots/shared/{link}").status_code == 200
    assert "My plots" in browsers("ada").get(f"/my/plots/{latest().number}").text


def test_an_expert_makes_a_draft_of_a_layout_for_all(browsers: Browsers, client: FlaskClient) -> None:
    pia = browsers("pia")
    pin(pia)
    number = latest("pia").number
    form = {"path": "PixelPhase1/Layouts/Mine", "scope": ["online", "offline"], "reason": "Useful"}
    answer = pia.post(f"/my/plots/{number}/draft", data=form)
    assert answer.status_code == 303
    made = int(answer.location.rpartition("/")[2])
    row = Arrangement.get_by_id(made)
    assert (row.owner, row.path, row.active, row.link) == ("", "PixelPhase1/Layouts/Mine", 0, None)
    draft = store.content_at(row, 1)
    assert draft.scopes == ("online", "offline")
    assert latest("pia").number == number, "the private one stays"
    foreign = pia.post(f"/my/plots/{number}/draft", data=form | {"path": "Hcal/Layouts/Mine"})
    assert foreign.status_code == 403
    assert "Needs the role expert for Hcal" in foreign.text
    assert 'name="path" value="Hcal/Layouts/Mine"' in foreign.text, "the form keeps what was typed"


@pytest.mark.parametrize(
    ("form", "problem"),
    [({"path": "", "scope": ["online"]}, "path"), ({"path": "A//B", "scope": ["online"]}, "path"), ({"path": "PixelPhase1/x"}, "scope")],
)
def test_a_draft_without_a_path_or_scope_is_refused(browsers: Browsers, form: dict[str, object], problem: str) -> None:
    pia = browsers("pia")
    pin(pia)
    answer = pia.post(f"/my/plots/{latest('pia').number}/draft", data=form)
    assert answer.status_code == 400
    assert f"<b>{problem}</b>" in answer.text
    assert Arrangement.select().count() == 1


def test_a_viewer_makes_no_drafts(ada: FlaskClient) -> None:
    number = pinned(ada, "a").number
    assert "Make a draft" not in ada.get(f"/my/plots/{number}").text
    assert ada.post(f"/my/plots/{number}/draft", data={"path": "A/B", "scope": "online"}).status_code == 403


def test_each_change_of_a_private_layout_is_in_the_audit_log(ada: FlaskClient) -> None:
    number = pinned(ada, "a", "b").number
    for action in ("share", "withdraw", "withdraw", "remove", "restore"):
        ada.post(f"/my/plots/{number}/{action}")
    assert actions() == [
        ("ada", f"{action} private layout", "My plots")
        for action in ("add", "activate", "save", "activate", "share", "withdraw", "remove", "roll back")
    ]
