"""Walls in files: JSON or TOML of one form, so that they can be kept under version control and moved between instances."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from typing import Any

from app.core.text import json_problem
from app.wall.definition import WallDefinition, parse_wall
from app.wall.errors import InvalidWall

SCHEMA = "dqm-walls/1"
MAX_WALLS = 100


def read_walls(text: str, *, toml: bool) -> tuple[list[WallDefinition], list[tuple[str, str]]]:
    """The usable walls of a file, and place and problem of each wrong part of the others. Raises InvalidWall for another kind of file."""
    try:
        document = tomllib.loads(text) if toml else json.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidWall([("", f"This is not TOML: {error}")]) from None
    except (ValueError, RecursionError) as error:
        raise InvalidWall([("", f"This is not JSON: {json_problem(error)}")]) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not isinstance(document.get("walls"), list):
        raise InvalidWall([("", f'Expected the field schema with the value "{SCHEMA}" and a list walls')])
    found: list[WallDefinition] = []
    problems: list[tuple[str, str]] = []
    for index, value in enumerate(document["walls"][:MAX_WALLS]):
        try:
            found.append(parse_wall(value))
        except InvalidWall as error:
            problems += [(f"walls[{index}].{place}".rstrip("."), problem) for place, problem in error.problems]
    if len(document["walls"]) > MAX_WALLS:
        problems.append(("walls", f"Only the first {MAX_WALLS} are read"))
    return found, problems


def json_text(walls: Iterable[WallDefinition]) -> str:
    """A JSON file with these walls."""
    return json.dumps({"schema": SCHEMA, "walls": [wall.document for wall in walls]}, indent=2, ensure_ascii=False)


def toml_text(walls: Iterable[WallDefinition]) -> str:
    """A TOML file with these walls."""
    lines = [f'schema = "{SCHEMA}"']
    for wall in walls:
        lines += ["", "[[walls]]", *_fields({"name": wall.name, "title": wall.title})]
        for tab in wall.document["tabs"]:
            panels = tab.pop("panels")
            lines += ["", "[[walls.tabs]]", *_fields(tab)]
            for panel in panels:
                options = panel.pop("options")
                lines += ["", "[[walls.tabs.panels]]", *_fields(panel)]
                lines += ["[walls.tabs.panels.options]", *_fields(options)] if options else []
    return "\n".join(lines)


def _fields(values: dict[str, Any]) -> list[str]:
    """A line for each field; a text of JSON is one of TOML, but for the sign DEL, which no field of a wall has."""
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
