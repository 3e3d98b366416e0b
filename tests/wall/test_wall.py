"""The page of a wall, who may see it, and what its polls cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.areas import AREAS
from app.core.area import Area, WallPanel
from app.core.settings import Settings
from app.wall.definition import parse_wall
from app.wall.models import Wall
from app.wall.settings import WallSettings
from app.wall.store import delete_wall, save_wall
from tests.gui.pages.pages import words
from tests.security.conftest import RemoteClient
from tests.wall.walls import document

POLL = {"HX-Request": "true"}
SCREEN = "192.0.2.7"


@pytest.fixture
def screen(wall: Settings) -> Iterator[RemoteClient]:
    """A screen without an account in one of the allowed networks."""
    return RemoteClient(create_app(wall.replace(wall_networks=("192.0.2.0/24",))))


def test_a_wall_shows_its_tab_with_the_names_of_the_others(client: FlaskClient, wall: Settings) -> None:
    text = client.get("/wall/shift").text
    assert "On shift" in text
    assert "<p>Ann</p><p>Bob</p>" in text
    assert "Tomorrow" not in text
    later = client.get("/wall/shift?tab=2").text
    assert "Tomorrow" in later
    assert "Ann" not in later
    assert later.count('aria-current="page"') == 1
    assert 'http-equiv="refresh" content="60;url=/wall/shift?tab=1"' in later  # without scripts


@pytest.mark.parametrize(("address", "status"), [("/wall/other", 404), ("/wall/shift?tab=x", 400)])
def test_a_wall_or_tab_that_does_not_exist_is_an_error(client: FlaskClient, wall: Settings, address: str, status: int) -> None:
    assert client.get(address).status_code == status


def test_a_tab_that_was_removed_shows_the_last_one(client: FlaskClient, wall: Settings) -> None:
    assert "Tomorrow" in client.get("/wall/shift?tab=3").text
    assert 'data-tab="2"' in client.get("/wall/shift?tab=3", headers=POLL).text


def test_browsers_load_a_page_that_is_an_error_again_by_themselves(client: FlaskClient, wall: Settings) -> None:
    assert client.get("/wall/other").headers["Refresh"] == "30"
    assert "Refresh" not in client.get("/wall/other", headers=POLL).headers
    assert "Refresh" not in client.get("/wall/shift").headers
    assert "Refresh" not in client.get("/walls/other/edit").headers


def test_states_are_grey_until_the_script_of_the_page_runs(client: FlaskClient, wall: Settings) -> None:
    page = client.get("/wall/shift").text
    assert '<body class="no-contact"' in page
    assert "The script of this page is missing: states may be old." in page


def test_a_poll_is_answered_with_the_panels_or_with_less_than_300_bytes(client: FlaskClient, wall: Settings) -> None:
    first = client.get("/wall/shift", headers=POLL)
    version = first.headers["Wall-Version"]
    assert "<html" not in first.text
    assert "Ann" in first.text
    again = client.get(f"/wall/shift?since={version}", headers=POLL)
    assert again.status_code == 204
    assert len("HTTP/1.1 204 NO CONTENT\r\n") + sum(len(f"{name}: {value}\r\n") for name, value in again.headers) < 300
    assert client.get(f"/wall/shift?tab=2&since={version}", headers=POLL).status_code == 200


def test_a_changed_wall_is_loaded_again_as_a_page(client: FlaskClient, wall: Settings) -> None:
    before = client.get("/wall/shift", headers=POLL)
    save_wall(parse_wall(document(title="New title")))
    after = client.get(f"/wall/shift?since={before.headers['Wall-Version']}", headers=POLL)
    assert after.status_code == 200
    assert after.text.partition('data-page="')[2][:16] != before.text.partition('data-page="')[2][:16]


def test_a_wall_that_was_deleted_and_added_again_is_loaded_again(client: FlaskClient, wall: Settings) -> None:
    before = client.get("/wall/shift", headers=POLL).text
    delete_wall("shift")
    save_wall(parse_wall(document(title="Second")))
    after = client.get("/wall/shift", headers=POLL).text
    assert after.partition('data-page="')[2][:16] != before.partition('data-page="')[2][:16]


def test_the_list_names_walls_by_title_and_tabs(client: FlaskClient, wall: Settings) -> None:
    assert "Shift crew Now, Later" in words(client.get("/walls").text)


def test_texts_of_a_wall_are_never_markup(client: FlaskClient, hub: Settings) -> None:
    save_wall(parse_wall(document(title="<b>&", tabs=[document()["tabs"][1] | {"title": "<i>"}])))
    text = client.get("/wall/shift").text
    assert "&lt;b&gt;&amp;" in text
    assert "<b>" not in text
    assert "<i>" not in text


def test_a_screen_of_an_allowed_network_sees_walls_and_no_other_page(screen: RemoteClient) -> None:
    assert "Ann" in screen("GET", "/wall/shift", address=SCREEN).text
    for path in ("/", "/walls", "/square", "/notifications", "/api/v1/samples", "/browse/0/Global/Online/ALL"):
        assert screen("GET", path, address=SCREEN).status_code in (303, 401), path
    assert screen("GET", "/wall/shift", address="198.51.100.1").status_code == 303
    assert screen("GET", "/wall/shift", address="198.51.100.1", headers=POLL).status_code == 401


def test_without_the_setting_a_wall_needs_a_viewer(wall: Settings) -> None:
    assert wall.of(WallSettings).wall_networks == ()
    remote = RemoteClient(create_app(wall))
    assert remote("GET", "/wall/shift").status_code == 303
    assert remote("GET", "/wall/shift/1/1/0").status_code == 303


@pytest.mark.parametrize("path", ["1/1/0", "0/1/0", "1/0/0", "9/1/0", "1/9/0"])
def test_a_wall_has_no_other_pictures_than_those_of_its_panels(screen: RemoteClient, path: str) -> None:
    assert screen("GET", f"/wall/shift/{path}", address=SCREEN).status_code == 404


def _broken(options: Mapping[str, Any]) -> Mapping[str, Any]:
    raise ZeroDivisionError


@pytest.fixture
def broken_app(hub: Settings) -> Flask:
    """An application with a panel that fails."""
    return create_app(hub, (*AREAS, Area("odd", "Odd", wall_panels=(WallPanel("broken", "Broken", "wall/text.html", _broken),))))


def test_a_panel_that_fails_or_is_not_known_any_more_hides_no_other(broken_app: Flask) -> None:
    with broken_app.app_context():
        panels = [{"kind": "broken"}, {"kind": "text", "options": {"text": "All good"}}]
        save_wall(parse_wall(document(tabs=[document()["tabs"][0] | {"panels": panels}])))
    text = broken_app.test_client().get("/wall/shift").text
    assert "This panel cannot be shown now" in text
    assert "All good" in text


def test_a_wall_with_a_panel_of_another_version_names_it(client: FlaskClient, wall: Settings) -> None:
    Wall.update(definition=Wall.get().definition.replace('"text", "title"', '"radar", "title"')).execute()
    answer = client.get("/wall/shift")
    assert answer.status_code == 200
    assert "This version of DQM Hub has no panel radar." in answer.text
