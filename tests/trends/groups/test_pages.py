"""The pages of display groups work without scripts: list, form, order, conflicts, history."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.settings import Settings
from app.trends.groups import DisplayGroup, groups_of
from app.trends.groups.store import add_group, delete_group, edit_group, find_group
from tests.security.conftest import HOME
from tests.trends.query.points_of_tests import TrendStore

CHARGE = DisplayGroup("charge", "Charge <sub>1</sub>", "e", "Pixel", False, ("layer1", "gone"))
FORM = {"name": "size", "title": "Size", "y_title": "pixels", "series": ["layer1", "", "layer2"]}

SignIn = Callable[[str], FlaskClient]


pytestmark = pytest.mark.slow


@pytest.fixture
def pixel(hub: Settings) -> TrendStore:
    """Trends layer1, layer2 and layer3 of Pixel."""
    store = TrendStore(hub)
    store.configure("Pixel", **{f"layer{number}": f"basic.Mean() Pixel/{number}" for number in (1, 2, 3)})
    return store


def post(client: FlaskClient, action: str, **form: object) -> TestResponse:
    return client.post(f"/trends/groups/Pixel/{action}", data=form, headers={"Origin": HOME})


def fields(text: str) -> dict[str, list[str]]:
    """The values of the input elements of a page by name."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", text):
        name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("name", "value"))
        is_sent = 'type="checkbox"' not in tag or " checked" in tag
        if name and value and is_sent:
            found.setdefault(name[1], []).append(unescape(value[1]))
    return found


@pytest.mark.both_databases
def test_everybody_reads_the_groups_and_a_series_without_configuration_is_marked(client: FlaskClient, pixel: TrendStore) -> None:
    add_group(CHARGE)
    add_group(CHARGE._replace(subsystem="GEM", series=("dead",)))
    listed = client.get("/trends/groups").text
    assert re.findall(r'/trends/groups/(\w+)"><bdi>', listed) == ["GEM", "Pixel"]
    page = client.get("/trends/groups/Pixel").text
    assert "Charge 1" in page
    assert "<sub>" not in page, "markup of titles is no markup here"
    assert re.search(r"<bdi>gone</bdi> <span class=\"fine\">\(missing\)", page)
    assert not re.search(r"<bdi>layer1</bdi> <span class=\"fine\">\(missing\)", page)
    assert "<button" not in page.partition("<main")[2].partition("</main")[0], "a viewer changes nothing"
    assert client.get("/trends/groups/GEM").status_code == 200
    assert client.get("/trends/groups/Nothing").status_code == 404
    pixel.configure("Pixel")
    assert client.get("/trends/groups/Pixel").status_code == 200, "its trends are retired"


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("shifter", 403), ("expert:SiStrips", 403), ("expert:Pixel", 200), ("expert", 200)]
)
def test_only_experts_of_the_subsystem_change_its_groups(signed_in: SignIn, pixel: TrendStore, role: str, status: int) -> None:
    row = add_group(CHARGE)
    client = signed_in(role)
    assert client.get("/trends/groups/Pixel/edit").status_code == status
    codes = {
        post(client, "edit", **FORM).status_code,
        post(client, "move", group=row.id, to="up").status_code,
        post(client, "delete", group=row.id, version=1).status_code,
        post(client, "restore", change=1, version=2).status_code,
    }
    assert codes == {303 if status == 200 else 403}
    assert [group.name for group in groups_of("Pixel")] == (["charge", "size"] if status == 200 else ["charge"])


def test_a_group_is_added_and_edited(signed_in: SignIn, pixel: TrendStore) -> None:
    client = signed_in("expert:Pixel")
    form = client.get("/trends/groups/Pixel/edit").text
    assert re.findall(r'<option value="(\w+)">', form) == ["layer1", "layer2", "layer3"], "names to complete"
    answer = post(client, "edit", **FORM, correlation="1", do="save")
    assert answer.status_code == 303
    expected = DisplayGroup("size", "Size", "pixels", "Pixel", True, ("layer1", "layer2"))
    assert groups_of("Pixel") == [expected]
    number = answer.headers["Location"].rpartition("group-")[2]
    sent = fields(client.get(f"/trends/groups/Pixel/edit?group={number}").text)
    assert (sent["name"], sent["series"], sent["version"]) == (["size"], ["layer1", "layer2", ""], ["1"])
    assert post(client, "edit", **sent | {"name": "size2", "title": ""}).status_code == 303
    assert groups_of("Pixel") == [expected._replace(name="size2", title="size2")]


def test_buttons_change_the_list_of_series_and_store_nothing(signed_in: SignIn, pixel: TrendStore) -> None:
    client = signed_in("expert")
    form = FORM | {"series": ["a", "b", "c"]}
    for button, expected in [
        ("up:1", ["b", "a", "c"]),
        ("up:0", ["a", "b", "c"]),
        ("down:2", ["a", "b", "c"]),
        ("down:0", ["b", "a", "c"]),
        ("drop:1", ["a", "c"]),
        ("drop:7", ["a", "b", "c"]),
        ("more", ["a", "b", "c", "", "", ""]),
        ("nonsense", ["a", "b", "c"]),
    ]:
        answer = post(client, "edit", **form, do=button)
        assert (answer.status_code, fields(answer.text)["series"]) == (200, expected), button
        assert fields(answer.text)["title"] == ["Size"]
    assert groups_of("Pixel") == []


def test_a_wrong_group_is_named_and_the_form_keeps_its_text(signed_in: SignIn, pixel: TrendStore) -> None:
    client = signed_in("expert")
    answer = post(client, "edit", **FORM | {"series": ["layer1"]}, correlation="1")
    assert answer.status_code == 400
    assert "needs exactly 2 or 3 series, not 1" in answer.text
    assert fields(answer.text)["title"] == ["Size"]
    add_group(CHARGE)
    assert "another group of this subsystem has this name" in post(client, "edit", **FORM | {"name": "charge"}).text


@pytest.mark.both_databases
def test_both_texts_are_shown_when_somebody_else_was_faster_and_the_second_attempt_counts(signed_in: SignIn, pixel: TrendStore) -> None:
    row = add_group(CHARGE)
    client = signed_in("expert")
    mine = fields(client.get(f"/trends/groups/Pixel/edit?group={row.id}").text)
    edit_group(row, 1, CHARGE._replace(title="Theirs", series=("layer3",)))
    answer = post(client, "edit", **mine | {"title": "Mine"})
    assert answer.status_code == 409
    assert "has changed this group since you opened it" in answer.text
    assert fields(answer.text)["title"] == ["Mine"]
    assert "<dd><bdi>Theirs</bdi></dd>" in answer.text
    assert groups_of("Pixel")[0].title == "Theirs"
    again = fields(answer.text)
    assert post(client, "edit", **again).status_code == 303
    assert groups_of("Pixel")[0].title == "Mine"
    stale = post(client, "delete", group=row.id, version=1)
    assert stale.status_code == 409
    assert len(groups_of("Pixel")) == 1


def test_a_group_that_somebody_deletes_meanwhile_comes_back_by_saving_again(signed_in: SignIn, pixel: TrendStore) -> None:
    row = add_group(CHARGE)
    client = signed_in("expert")
    mine = fields(client.get(f"/trends/groups/Pixel/edit?group={row.id}").text)
    delete_group(row, 1)
    answer = post(client, "edit", **mine)
    assert "has deleted this group" in answer.text
    assert post(client, "edit", **fields(answer.text)).status_code == 303
    assert groups_of("Pixel") == [CHARGE]


@pytest.mark.both_databases
def test_the_history_names_who_changed_what_and_brings_it_back(signed_in: SignIn, pixel: TrendStore) -> None:
    client = signed_in("expert")
    post(client, "edit", **FORM)
    row = find_group(1)
    post(client, "edit", group=1, version=1, **FORM | {"title": "Sizes", "series": ["layer2", "layer3"]})
    assert post(client, "delete", group=1, version=2).headers["Location"].endswith("/trends/groups/Pixel/history")
    page = client.get("/trends/groups/Pixel/history").text
    assert "title: “Size” → “Sizes”; with layer3; without layer1" in page
    assert page.count('<td data-label="User"><bdi>expert</bdi></td>') == 3
    changes = re.findall(r'name="change" value="(\d+)"', page)
    assert post(client, "restore", change=changes[-1], version=3).status_code == 303
    assert [group.title for group in groups_of("Pixel")] == ["Size"]
    assert row.subsystem == "Pixel"


def test_a_group_is_changed_by_the_pages_of_its_own_subsystem_alone(signed_in: SignIn, pixel: TrendStore) -> None:
    row = add_group(CHARGE._replace(subsystem="SiStrips"))
    client = signed_in("expert:Pixel")
    assert post(client, "delete", group=row.id, version=1).status_code == 404
    assert post(client, "restore", change=1, version=1).status_code == 404
    assert post(client, "edit", group=row.id, version=1, **FORM).status_code == 404
    assert post(client, "delete", group="x", version=1).status_code == 400
    assert post(client, "delete", group=2**31 - 1, version=1).status_code == 404
    assert len(groups_of("SiStrips")) == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "text", ["a\0b", "line\nbreak", "\u202e", "x" * 201, "<script>alert(1)</script>", "'; DROP TABLE trend_group; --", "%00", "é 🎉"]
)
def test_hostile_texts_are_refused_or_shown_as_text(signed_in: SignIn, pixel: TrendStore, text: str) -> None:
    client = signed_in("expert")
    answer = post(client, "edit", name=text, title=text, y_title=text, series=[text])
    assert answer.status_code in (303, 400)
    for path in ("", "/history"):
        page = client.get(f"/trends/groups/Pixel{path}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    assert len(groups_of("Pixel")) == (1 if answer.status_code == 303 else 0)
