"""My plots: whoever is signed in pins plots to private layouts; nobody else sees them, unless by a link that its owner makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.database import end_thread
from app.gui.layouts.editing import private, private_limits, store
from app.gui.layouts.editing.conflict import ArrangementConflict
from app.gui.layouts.editing.grid import with_plot_moved, with_plots, without_plot
from app.gui.layouts.editing.private import PrivateLayout
from app.gui.layouts.editing.private_limits import MAX_LAYOUTS, MAX_NAME, MAX_PLOTS
from app.gui.layouts.errors import UnknownArrangement
from app.gui.layouts.layout import Layout, PlotCell
from app.gui.layouts.models import Arrangement, ArrangementPlace
from app.gui.view import MAX_MARKS
from app.security import Role, accounts, tokens
from app.security.models import Audit
from tests.security.conftest import HOME, PASSWORD, sign_in
from tests.support.storms import TIMES

FOLDER = "/browse/367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
PLOT = f"{FOLDER}/Muons?plot=Muons%2Fpt"
Browsers = Callable[[str], FlaskClient]


@pytest.fixture
def browsers(app: Flask, client: FlaskClient) -> Browsers:
    """Browsers that are signed in: as ada or ben, who are viewers, or as the expert pia of PixelPhase1."""
    accounts.add("ada", Role.VIEWER, PASSWORD)
    accounts.add("ben", Role.VIEWER, PASSWORD)
    accounts.add("pia", Role.EXPERT, PASSWORD, "PixelPhase1")

    def browser(name: str) -> FlaskClient:
        found = app.test_client()
        found.environ_base["HTTP_ORIGIN"] = HOME
        assert sign_in(found, name).status_code == 303
        return found

    return browser


@pytest.fixture
def ada(browsers: Browsers) -> FlaskClient:
    return browsers("ada")


def pin(client: FlaskClient, address: str = PLOT, **form: str) -> TestResponse:
    return client.post("/my/plots/pin", data={"address": address} | form)


def pinned(client: FlaskClient, *names: str, to: str = "") -> PrivateLayout:
    """The layout of ada after she has pinned plots with these names."""
    for name in names:
        assert pin(client, f"{FOLDER}?plot={quote(name, safe='')}", to=to).status_code == 303
        to = str(latest().number)
    return latest()


def latest(user: str = "ada") -> PrivateLayout:
    return private.layouts_of(user)[0]


def names(found: PrivateLayout) -> list[list[str]]:
    return [[cell.plot if cell else "" for cell in row] for row in found.layout.rows]


def change(client: FlaskClient, do: str, version: int | None = None, **form: str) -> TestResponse:
    found = latest()
    return client.post(f"/my/plots/{found.number}", data={"do": do, "version": version or found.version} | form)


def actions() -> list[tuple[str, str, str]]:
    return [(row.user, row.action, row.target) for row in Audit.select().order_by(Audit.id) if "layout" in row.action]


def test_a_first_pin_makes_a_layout_and_returns_to_the_plot(ada: FlaskClient) -> None:
    answer = pin(ada)
    assert (answer.status_code, answer.location) == (303, PLOT), answer.text
    assert (latest().layout.name, names(latest())) == ("My plots", [["Muons/pt"]])
    assert latest().layout.scopes == ()
    assert ArrangementPlace.get().scope == "user:ada"


def test_a_pin_keeps_the_drawing_options_that_layouts_have(ada: FlaskClient) -> None:
    pin(ada, f"{PLOT}&ytype=log&ymin=0.5&stats=false&ref=367100")
    assert latest().layout.plots[0].drawn == (("ytype", "log"), ("ymin", "0.5"))


def test_marked_plots_are_pinned_together_in_rows_of_three(ada: FlaskClient) -> None:
    pin(ada, f"{FOLDER}?mark=a&mark=b&mark=c&mark=d&show=marked", name="Four")
    assert (latest().layout.name, names(latest())) == ("Four", [["a", "b", "c"], ["d"]])


def test_a_plot_is_pinned_once_to_a_layout(ada: FlaskClient) -> None:
    assert names(pinned(ada, "a", "b", "a")) == [["a", "b"]]
    assert latest().version == 2


@pytest.mark.both_databases
def test_the_layout_that_was_used_last_comes_first(ada: FlaskClient) -> None:
    pin(ada, name="One")
    one = latest().number
    pin(ada, name="Two")
    assert [choice.name for choice in private.pin_choices("ada", "Muons/pt")] == ["Two", "One"]
    pin(ada, f"{FOLDER}?plot=x", to=str(one))
    choices = private.pin_choices("ada", "x")
    assert [(choice.name, choice.has_plot) for choice in choices] == [("One", True), ("Two", False)]
    page = ada.get("/my/plots/pin", query_string={"address": PLOT}).text
    assert re.findall(r'name="to" value="(\d+)"', page) == [str(choice.number) for choice in choices]


@pytest.mark.parametrize("address", [f"{FOLDER}/Muons", "/account/audit", "//evil.example/browse/1/A/B/C", f"{FOLDER}?plot=%FF"])
def test_what_is_no_plot_is_not_pinned(ada: FlaskClient, address: str) -> None:
    answer = pin(ada, address)
    assert answer.status_code == 400
    assert "Nothing can be pinned from this address" in answer.text
    assert Arrangement.select().count() == 0


def test_plots_are_moved_removed_and_put_into_rows(ada: FlaskClient) -> None:
    pinned(ada, "a", "b", "c", "d")
    for do, form, expected in (
        ("down-0", {}, [["b", "a", "c"], ["d"]]),
        ("up-3", {}, [["b", "a", "d"], ["c"]]),
        ("up-0", {}, [["b", "a", "d"], ["c"]]),
        ("columns", {"columns": "2"}, [["b", "a"], ["d", "c"]]),
        ("remove-1", {}, [["b"], ["d", "c"]]),
        ("columns", {"columns": "99"}, [["b", "d", "c"]]),
    ):
        answer = change(ada, do, **form)
        assert answer.status_code == 303, answer.text
        assert names(latest()) == expected, do


def test_gaps_of_a_copied_layout_stay_where_they_are() -> None:
    a, b, c = (PlotCell(name) for name in "abc")
    rows = ((a, None, b), (None, c))
    assert with_plot_moved(rows, 1, -1) == ((b, None, a), (None, c))
    assert without_plot(rows, 2) == ((a, None, b),)
    assert with_plots(rows, [PlotCell("d")]) == ((a, None, b), (None, c, PlotCell("d")))


@pytest.mark.parametrize("do", ["", "up", "up-9", "remove--1", "remove-x", "activate"])
def test_a_form_with_another_action_changes_nothing(ada: FlaskClient, do: str) -> None:
    pinned(ada, "a")
    assert change(ada, do).status_code == 400
    assert (names(latest()), latest().version) == ([["a"]], 1)


def test_a_layout_is_renamed_and_a_name_is_used_once(ada: FlaskClient) -> None:
    pin(ada, name="One")
    pin(ada, name="Two")
    assert change(ada, "rename", name=" Pixels & strips ").status_code == 303
    assert latest().layout.name == "Pixels & strips"
    answer = change(ada, "rename", name="One")
    assert answer.status_code == 409
    assert "Another layout of yours is at One already" in answer.text
    assert pin(ada, name="One").status_code == 409


@pytest.mark.parametrize(
    ("name", "problem"), [(" ", "Expected a name"), ("a/b", "without /"), ("x" * (MAX_NAME + 1), "at most 80"), ("a\nb", "printable")]
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(ada: FlaskClient, name: str, problem: str) -> None:
    pin(ada)
    answer = change(ada, "rename", name=name)
    assert answer.status_code == 400
    assert problem in answer.text
    assert latest().layout.name == "My plots"


def test_a_name_is_text_and_no_markup(ada: FlaskClient) -> None:
    pin(ada, name="<b onclick=go>")
    for path in ("/my/plots", f"/my/plots/{latest().number}", f"/my/plots/pin?address={quote(PLOT, safe='')}"):
        page = ada.get(path).text
        assert "<b onclick" not in page
        assert "&lt;b onclick=go&gt;" in page


def test_a_layout_holds_a_limited_number_of_plots(ada: FlaskClient) -> None:
    pinned(ada, "a")
    for start in range(1, MAX_PLOTS, MAX_MARKS):
        marks = "".join(f"&mark={number}" for number in range(start, min(start + MAX_MARKS, MAX_PLOTS)))
        assert pin(ada, f"{FOLDER}?show=marked{marks}", to=str(latest().number)).status_code == 303
    answer = pin(ada, f"{FOLDER}?plot=one-more", to=str(latest().number))
    assert answer.status_code == 400
    assert f"would have {MAX_PLOTS + 1} plots, and at most {MAX_PLOTS} are possible" in answer.text
    assert len(latest().layout.plots) == MAX_PLOTS


def test_a_user_has_a_limited_number_of_layouts(ada: FlaskClient, browsers: Browsers) -> None:
    for number in range(MAX_LAYOUTS):
        assert pin(ada, name=f"Layout {number}").status_code == 303
    answer = pin(ada, name="One more")
    assert answer.status_code == 400
    assert f"You have {MAX_LAYOUTS} private layouts, and more are not possible: remove one first" in unescape(answer.text)
    assert pin(ada, f"{FOLDER}?plot=x", to=str(latest().number)).status_code == 303
    assert pin(browsers("ben")).status_code == 303, "other users have a limit of their own"


def test_a_removed_layout_can_be_brought_back_and_its_link_stays_withdrawn(ada: FlaskClient) -> None:
    pinned(ada, "a", "b")
    number = latest().number
    ada.post(f"/my/plots/{number}/share")
    link = latest().link
    answer = ada.post(f"/my/plots/{number}/remove")
    assert answer.location == f"/my/plots?removed={number}"
    assert private.layouts_of("ada") == []
    assert ada.get(f"/my/plots/{number}").status_code == 404
    assert "Bring it back" in ada.get(answer.location).text
    assert ada.post(f"/my/plots/{number}/restore").status_code == 303
    assert names(latest()) == [["a", "b"]]
    assert ada.get(f"/my/plots/shared/{link}").status_code == 404


def test_a_change_of_an_older_state_is_refused_and_the_present_one_is_shown(ada: FlaskClient) -> None:
    pinned(ada, "a", "b")
    answer = change(ada, "remove-0", version=1)
    assert answer.status_code == 409
    assert "Below is the layout as it is now; nothing was changed." in answer.text
    assert f'name="version" value="{latest().version}"' in answer.text
    assert names(latest()) == [["a", "b"]]


def test_plots_that_two_windows_pin_at_once_both_stay(ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second window pins between reading and writing of the first one."""
    pinned(ada, "a")
    save, others = store.save, [PlotCell("other")]

    def later(content: Layout, **arguments: object) -> object:
        if others:
            private.pin("ada", ((others.pop(),),), latest().number)
        return save(content, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "save", later)
    pin(ada, f"{FOLDER}?plot=b", to=str(latest().number))
    assert names(latest()) == [["a", "other", "b"]]


@pytest.mark.both_databases
@pytest.mark.storm
def test_all_pins_of_two_windows_at_the_same_moment_stay(ada: FlaskClient) -> None:
    def pins(window: str) -> set[str]:
        try:
            found = [f"{window}{each}" for each in range(8)]
            for plot in found:
                private.pin("ada", ((PlotCell(plot),),), number)
            return set(found)
        finally:
            end_thread()

    number = pinned(ada, "a").number
    for turn in range(TIMES):
        with ThreadPoolExecutor(2) as windows:
            stored = set().union(*windows.map(pins, (f"left {turn} ", f"right {turn} ")))
        assert {cell.plot for cell in latest().layout.plots} == {"a"} | stored
        change = store.save(replace(latest().layout, rows=((PlotCell("a"),),)), arrangement=number, based_on=latest().version)
        assert change.is_new


def test_a_change_of_a_private_layout_is_never_stored_without_being_shown(ada: FlaskClient) -> None:
    """Between the two, another pin would be added to the one without it."""
    found = pinned(ada, "a")
    store.save(replace(found.layout, help="b"), arrangement=found.number, based_on=1)
    assert (latest().version, latest().layout.help) == (2, "b")


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"path": "Pixel/Layouts/With slash"}, "private layouts have no folders"),
        ({"path": "x" * (MAX_NAME + 1)}, "at most 80"),
        ({"scope": "online"}, "a private layout is for all samples"),
        ({"rows": json.dumps([[{"plot": f"{row} {column}"} for column in range(20)] for row in range(6)])}, "120 plots, and at most 100"),
    ],
)
def test_the_editor_holds_the_limits_of_private_layouts(ada: FlaskClient, form: dict[str, str], problem: str) -> None:
    number = pinned(ada, "a").number
    fields = {"path": "My plots", "rows": '[[{"plot":"a"}]]', "do": "activate", "based_on": "1"}
    answer = ada.post(f"/layouts/{number}/edit", data=fields | form)
    assert answer.status_code == 400
    assert problem in answer.text
    assert latest().version == 1


def test_a_removed_layout_comes_back_only_within_the_limit_of_layouts(ada: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_limits, "MAX_LAYOUTS", 1)
    number = pinned(ada, "a").number
    ada.post(f"/my/plots/{number}/remove")
    assert pin(ada, name="Other").status_code == 303
    for path, form in ((f"/my/plots/{number}/restore", {}), (f"/layouts/{number}/roll-back", {"version": 1, "based_on": 2, "reason": "x"})):
        answer = ada.post(path, data=form)
        assert answer.status_code == 400
        assert "more are not possible: remove one first" in answer.text
    assert [found.layout.name for found in private.layouts_of("ada")] == ["Other"]


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
    assert [row.answer for row in Audit.select().where(Audit.action == "remove private layout")] == ["its link is withdrawn"]


def test_a_removed_layout_gets_no_link(ada: FlaskClient) -> None:
    found = pinned(ada, "a")
    private.remove(found)
    with pytest.raises(UnknownArrangement):
        private.share(found)
    assert Arrangement.get().link is None


@pytest.mark.both_databases
def test_a_shared_layout_is_seen_by_its_link_until_that_is_withdrawn(ada: FlaskClient, browsers: Browsers, client: FlaskClient) -> None:
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
        assert "There is no shared layout at this link: it was withdrawn" in page.text
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


def test_the_owner_sees_the_history_of_a_private_layout_and_edits_its_texts(ada: FlaskClient) -> None:
    number = pinned(ada, "a", "b").number
    page = ada.get(f"/my/plots/{number}").text
    assert f'href="/layouts/{number}"' in page
    assert ada.get(f"/layouts/{number}").status_code == 200
    form = ada.get(f"/layouts/{number}/edit")
    assert form.status_code == 200
    assert re.search(rf'Name <input id="path"[^>]* maxlength="{MAX_NAME}"', form.text)
