"""Definitions of walls, and their files."""

from __future__ import annotations

from typing import Any

import pytest

from app.wall.definition import parse_wall
from app.wall.errors import InvalidWall
from app.wall.exchange import json_text, read_walls, toml_text
from tests.wall.walls import document

PANEL = {"kind": "text", "options": {"text": "x"}}


def tab(**changes: Any) -> dict[str, Any]:
    return {"tabs": [document()["tabs"][1] | changes]}


@pytest.mark.parametrize("name", ["toml", "json"])
def test_a_file_of_walls_is_read_as_it_was_written(name: str) -> None:
    odd = tab(panels=[{"kind": "text", "options": {"text": 'a "quoted" \\ line\nünd 中 end'}}])
    walls = [parse_wall(document()), parse_wall(document(name="odd", title='“Odd” "wall"', **odd))]
    text = toml_text(walls) if name == "toml" else json_text(walls)
    assert read_walls(text, toml=name == "toml") == (walls, [])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": "Not good"}, "name"),
        ({"name": "new"}, "name"),
        ({"title": ""}, "title"),
        ({"tabs": []}, "tabs"),
        ({"colour": "red"}, "colour"),
        (tab(seconds=9), "tabs[0].seconds"),
        (tab(seconds=601), "tabs[0].seconds"),
        (tab(seconds=True), "tabs[0].seconds"),
        (tab(columns=7), "tabs[0].columns"),
        (tab(panels=[PANEL, PANEL]), "tabs[0].panels"),
        (tab(panels=[{"kind": "clock"}]), "tabs[0].panels[0].kind"),
        (tab(panels=[PANEL | {"width": 0}]), "tabs[0].panels[0].width"),
        (tab(panels=[{"kind": "text"}]), "tabs[0].panels[0].options.text"),
        (tab(panels=[{"kind": "text", "options": {"text": "x", "size": 3}}]), "tabs[0].panels[0].options.size"),
        (tab(panels=[{"kind": "clients", "options": {"system": "test"}}]), "tabs[0].panels[0].options.system"),
        (tab(panels=[{"kind": "clients", "options": {"old_s": 1}}]), "tabs[0].panels[0].options.old_s"),
        (tab(panels=[{"kind": "layout", "options": {}}]), "tabs[0].panels[0].options.layout"),
        (tab(panels=[{"kind": "subsystems", "options": {"dataset": "online"}}]), "tabs[0].panels[0].options.dataset"),
    ],
)
def test_each_wrong_part_of_a_wall_is_named_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidWall) as caught:
        parse_wall(document(**changes))
    assert [found for found, _ in caught.value.problems] == [place]


@pytest.mark.parametrize("value", [None, 7, [], "wall", {"name": []}, {"tabs": {"a": 1}}, {"tabs": [[]]}, {"tabs": [{"panels": [None]}]}])
def test_what_is_no_wall_is_refused_with_problems(value: object) -> None:
    with pytest.raises(InvalidWall):
        parse_wall(value)


def test_panels_fill_the_grid_as_browsers_do() -> None:
    wide, tall, small = (PANEL | size for size in ({"width": 2}, {"height": 2}, {}))
    parse_wall(document(**tab(columns=3, rows=2, panels=[wide, tall, small, small])))
    with pytest.raises(InvalidWall, match="do not fit into 3 columns and 2 rows"):
        parse_wall(document(**tab(columns=3, rows=2, panels=[tall, wide, wide, small])))


def test_a_wrong_wall_of_a_file_leaves_the_others() -> None:
    text = json_text([parse_wall(document())]).replace('"walls": [', '"walls": [{"name": "bad"},')
    found, problems = read_walls(text, toml=False)
    assert [wall.name for wall in found] == ["shift"]
    assert {place for place, _ in problems} == {"walls[0].title", "walls[0].tabs"}


@pytest.mark.parametrize(("text", "toml"), [("{", False), ("[[", True), ("[]", False), ('{"schema": "dqm-layouts/2", "walls": []}', False)])
def test_another_kind_of_file_is_refused(text: str, toml: bool) -> None:
    with pytest.raises(InvalidWall):
        read_walls(text, toml=toml)
