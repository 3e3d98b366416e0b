"""The lists of layouts and workspaces, and the page of one with its history."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.gui.layouts.editing.store import activate, find, save
from app.gui.layouts.layout import Example, Layout, PlotCell, ShiftHelp
from app.gui.layouts.workspace import Workspace
from tests.gui.layouts.arrangements import layout
from tests.security.conftest import HOME

SignIn = Callable[..., FlaskClient]


def added(content: Layout | Workspace, owner: str = "") -> int:
    saved = save(content, owner=owner)
    activate(saved.arrangement, 1)
    return saved.arrangement


def names(page: str) -> list[str]:
    """The folders and arrangements that a page links to."""
    return re.findall(r'class="stop" href="[^"]*"><bdi>([^<]*)</bdi>|<bdi class="name">([^<]*)</bdi>', page.replace("<wbr>", ""))


def listed(client: FlaskClient, address: str) -> list[str]:
    return ["".join(each) for each in names(client.get(address).text)]


@pytest.mark.both_databases
def test_layouts_are_listed_by_scope_and_folder_and_found_by_words(client: FlaskClient, hub: Settings) -> None:
    added(layout("Pixel/Layouts/charge", scopes=("online", "offline")))
    added(layout("Pixel/size"))
    added(layout("Ecal/charge"))
    save(layout("Pixel/draft"))
    added(layout("My own", scopes=()), owner="anna")
    assert listed(client, "/layouts") == ["Ecal", "Pixel"]
    assert listed(client, "/layouts?folder=Pixel") == ["Layouts", "size"]
    assert listed(client, "/layouts?scope=offline&folder=Pixel/Layouts") == ["charge"]
    assert listed(client, "/layouts?q=CHARGE+pix") == ["Pixel/Layouts/charge"]
    assert listed(client, "/layouts?scope=inactive&q=draft") == ["Pixel/draft"]
    assert listed(client, "/layouts?q=own") == []
    assert client.get("/layouts?folder=Nowhere").status_code == 404
    assert client.get("/layouts?scope=mars").status_code == 400


@pytest.mark.both_databases
def test_workspaces_are_listed_apart(client: FlaskClient, hub: Settings) -> None:
    number = added(Workspace("Everything", ("online",), quick=("Pixel/size",), folders=None))
    added(layout("Pixel/size"))
    assert listed(client, "/layouts/workspaces") == ["Everything"]
    page = client.get(f"/layouts/{number}").text
    assert "<bdi>Pixel/size</bdi>" in page
    assert "Quick collection" in page


@pytest.mark.both_databases
def test_long_lists_come_in_parts(client: FlaskClient, hub: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gui.pages.layouts.lists.PER_PAGE", 2)
    for name in "abc":
        added(layout(f"Pixel/{name}"))
    assert listed(client, "/layouts?folder=Pixel") == ["a", "b"]
    assert listed(client, "/layouts?folder=Pixel&from=2") == ["c"]


@pytest.mark.both_databases
def test_the_history_leads_to_each_version_and_back(signed_in: SignIn, hub: Settings) -> None:
    client = signed_in("expert")
    number = added(layout("Pixel/size", "a"))
    save(layout("Pixel/size", "a", "b"), arrangement=number, based_on=1, reason="b is new")
    page = client.get(f"/layouts/{number}").text
    assert "b is new" in page
    assert "Version 2 is a draft" in page
    draft = client.get(f"/layouts/{number}?version=2").text
    assert "added b at row 1, column 2" in draft
    assert "Activate version 2" in draft

    def post(action: str, **form: object) -> int:
        return client.post(f"/layouts/{number}/{action}", data=form, headers={"Origin": HOME}).status_code

    assert post("activate", version=2, reason="") == 400, "without a reason"
    assert post("activate", version=2, reason="better") == 303
    assert "Roll back to version 1" in client.get(f"/layouts/{number}?version=1").text
    assert post("roll-back", version=1, based_on=1, reason="worse") == 409, "version 2 is there meanwhile"
    assert post("roll-back", version=1, based_on=2, reason="worse") == 303
    assert (find(number).active, find(number).newest) == (3, 3)
    assert post("remove", based_on=3, reason="unused") == 303
    assert "removed" in client.get(f"/layouts/{number}").text
    assert listed(client, "/layouts?scope=inactive&q=size") == ["Pixel/size"]
    assert post("activate", version=9, reason="x") == 404


def test_texts_of_layouts_are_no_markup(client: FlaskClient, hub: Settings) -> None:
    evil = "<img src=x onerror=alert(1)>"
    number = added(Layout(f"Pixel/{evil}", ("online",), ((PlotCell(evil, evil),),), help=evil))
    for address in (f"/layouts/{number}", "/layouts?folder=Pixel", "/layouts?q=img"):
        assert "<img src=x" not in client.get(address).text


def test_a_layout_shows_its_texts_with_their_links(client: FlaskClient, hub: Settings) -> None:
    text = 'See <a href="https://cms.cern/pixel">there</a><script>alert(1)</script>'
    cell = PlotCell("Pixel/a", text, help=ShiftHelp(Example("366727", "One <b>peak</b>"), action="Wait"))
    page = client.get(f"/layouts/{added(Layout('Pixel/size', ('online',), ((cell,),), help=text))}").text
    assert page.count('<a href="https://cms.cern/pixel"') == 2
    assert "<dt>Good example</dt><dd>366727 One <b>peak</b></dd><dt>What to do</dt><dd>Wait</dd>" in page
    assert "alert(1)" not in page


def test_a_private_layout_is_for_its_owner_alone(signed_in: SignIn, hub: Settings) -> None:
    number = added(layout("My own", scopes=()), owner="anna")
    client = signed_in("viewer", "anna")
    assert client.get(f"/layouts/{number}").status_code == 200
    assert client.get(f"/layouts/{number}/edit").status_code == 200
    for role, name in (("expert", "berta"), ("admin", "carla")):
        client = signed_in(role, name)
        assert client.get(f"/layouts/{number}").status_code == 404
        assert client.get(f"/layouts/{number}/edit").status_code == 404


def test_a_number_without_a_layout_is_unknown(client: FlaskClient, hub: Settings) -> None:
    assert client.get("/layouts/7").status_code == 404
    assert client.get("/layouts/99999999999999999999").status_code == 404
