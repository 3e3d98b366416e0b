"""The wall of the demo, from `wall.toml`, which is an example of the form as well."""

from __future__ import annotations

from pathlib import Path

from app.wall.errors import InvalidWall
from app.wall.exchange import read_walls
from app.wall.store import NEW_WALL, save_wall

FILE = Path(__file__).with_name("wall.toml")


def make_demo_walls() -> int:
    """Store the walls of the demo, and return their number; existing walls stay as they are."""
    found, problems = read_walls(FILE.read_text(encoding="utf-8"), toml=True)
    if problems:
        raise InvalidWall(problems)
    for wall in found:
        try:
            save_wall(wall, NEW_WALL)
        except InvalidWall:  # it is there
            continue
    return len(found)
