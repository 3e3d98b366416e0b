"""The form of a wall: operators add, change and delete walls on pages."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.security import Role, tokens
from app.wall.definition import parse_wall
from app.wall.demo import FILE, make_demo_walls
from app.wall.exchange import json_text, read_walls
from app.wall.models import Wall
from app.wall.store import find_wall, save_wall
from tests.security.conftest import make_user
from tests.support.cli import dqmhub
from tests.wall.walls import document


class Form:
    """The form of a page as a browser has it."""

    def __init__(self, client: FlaskClient, headers: dict[str, str], address: str) -> None:
        self.client, self.headers, self.address = client, headers, address
        self.read(client.get(address, headers=headers).text)

    def read(self, page: str) -> None:
        """Take the fields of a page."""
        self.page, form = page, page.partition('class="wall-form"')[2].partition("</form>")[0]
        fields = re.findall(r'<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', form)
        fields += re.findall(r'<textarea[^>]*\bname="([^"]+)"[^>]*>([^<]*)</textarea>', form)
        self.values = {name: unescape(value) for name, value in fields}

    def press(self, button: str = "save", **more: str) -> int:
        """Send the form by a button; returns the status."""
        answer = self.client.post(self.address, data=self.values | more | {"do": button}, headers=self.headers)
        self.read(answer.text)
        return answer.status_code


@pytest.fixture
def operator(hub: Settings) -> dict[str, str]:
    """The headers of an operator."""
    return {"Authorization": f"Bearer {tokens.make(make_user('olga', Role.OPERATOR), 'test', Role.OPERATOR, 1)[1]}"}


def test_the_form_stores_a_wall_as_it_shows_it(client: FlaskClient, wall: Settings, operator: dict[str, str]) -> None:
    form = Form(client, operator, "/walls/shift/edit")
    form.values["title"] = "Night crew"
    assert form.press() == 303
    assert find_wall("shift").definition == parse_wall(document(title="Night crew"))


def test_a_wall_is_made_by_buttons_without_scripts(client: FlaskClient, hub: Settings, operator: dict[str, str]) -> None:
    form = Form(client, operator, "/walls/new")
    form.values |= {"name": "new-wall", "title": "New", "tabs.0.title": "First"}
    assert form.press("add:0", **{"tabs.0.new": "clients"}) == 200
    assert form.press("add:0", **{"tabs.0.new": "text"}) == 200
    form.values["tabs.0.panels.1.options.text"] = "One\r\nTwo"
    assert form.press("up:0.1") == 200
    assert form.press("more") == 200
    assert form.press("drop:1") == 200
    assert form.press() == 303
    panels = find_wall("new-wall").definition.tabs[0].panels
    assert [(panel.kind, panel.options) for panel in panels] == [("text", {"text": "One\nTwo"}), ("clients", {})]


def test_what_is_wrong_is_named_and_nothing_that_was_typed_is_lost(client: FlaskClient, wall: Settings, operator: dict[str, str]) -> None:
    form = Form(client, operator, "/walls/shift/edit")
    form.values |= {"tabs.0.seconds": "never", "tabs.0.panels.0.options.text": "<b>Kim</b>"}
    assert form.press() == 400
    assert "tabs[0].seconds</b>: Expected a whole number from 10 to 600" in form.page
    assert form.values["tabs.0.seconds"] == "never"
    assert form.values["tabs.0.panels.0.options.text"] == "<b>Kim</b>"
    assert find_wall("shift").definition == parse_wall(document())


def test_a_change_of_a_wall_that_somebody_else_changed_is_refused(client: FlaskClient, wall: Settings, operator: dict[str, str]) -> None:
    form = Form(client, operator, "/walls/shift/edit")
    save_wall(parse_wall(document(title="Theirs")))
    form.values["title"] = "Mine"
    assert form.press() == 409
    assert "Somebody else has changed this wall meanwhile" in form.page
    assert form.values["title"] == "Mine"
    assert find_wall("shift").definition.title == "Theirs"


def test_a_new_wall_replaces_no_other_of_its_name(client: FlaskClient, wall: Settings, operator: dict[str, str]) -> None:
    form = Form(client, operator, "/walls/new")
    form.values |= {"name": "shift", "title": "New", "tabs.0.title": "First"}
    form.press("add:0", **{"tabs.0.new": "clients"})
    assert form.press() == 400
    assert "Another wall has this name" in form.page


@pytest.mark.parametrize("button", ["up:9", "drop:9.9", "add:0", "add:99", "drop:0.77", "nonsense", "up:x", ""])
def test_a_button_that_no_form_has_changes_nothing(client: FlaskClient, wall: Settings, operator: dict[str, str], button: str) -> None:
    form = Form(client, operator, "/walls/shift/edit")
    before = form.values
    assert form.press(button, **{"tabs.0.new": "radar"}) == 200
    assert form.values == before


def test_a_deleted_wall_is_gone(client: FlaskClient, wall: Settings, operator: dict[str, str]) -> None:
    assert client.post("/walls/shift/delete", headers=operator).status_code == 303
    assert client.get("/wall/shift").status_code == 404
    assert client.post("/walls/shift/delete", headers=operator).status_code == 404


def test_commands_import_export_and_delete_walls(hub: Settings, tmp_path: Any) -> None:
    file = tmp_path / "walls.json"
    file.write_text(json_text([parse_wall(document())]))
    assert "1 walls stored, 0 unchanged" in dqmhub(hub, "wall", "import", str(file)).stdout
    assert "0 walls stored, 1 unchanged" in dqmhub(hub, "wall", "import", str(file)).stdout
    assert json.loads(dqmhub(hub, "wall", "export", "--format", "json").stdout) == json.loads(file.read_text())
    assert read_walls(dqmhub(hub, "wall", "export", "shift").stdout, toml=True)[0] == [parse_wall(document())]
    file.write_text(file.read_text().replace('"seconds": 10', '"seconds": 1'))
    failed = dqmhub(hub, "wall", "import", str(file))
    assert failed.returncode == 1
    assert "walls[0].tabs[0].seconds: Expected a whole number from 10 to 600" in failed.stderr
    assert dqmhub(hub, "wall", "delete", "shift").returncode == 0
    assert "There is no wall shift" in dqmhub(hub, "wall", "export", "shift").stderr


def test_the_demo_has_a_wall_and_changes_none_that_is_there(hub: Settings) -> None:
    assert read_walls(FILE.read_text(), toml=True)[1] == []
    make_demo_walls()
    save_wall(parse_wall(document()))
    make_demo_walls()
    assert [row.name for row in Wall.select()] == ["shift"]
    assert find_wall("shift").definition == parse_wall(document())
