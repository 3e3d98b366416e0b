"""The list of the pictures: what the service is asked for, and the plain ROOT code that draws the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SMALL = (266, 200)
LARGE = (600, 400)

HISTOGRAM, INTEGER, REAL, STRING = 0x10, 0, 1, 2
EFFICIENCY = 0x00200000

Recipe = Callable[..., None]


@dataclass(frozen=True)
class Page:
    """One picture. `objects` are names in objects.py, an empty one is missing; `recipe`
    takes them, None for what is missing, and draws on the current canvas.

    `options` is the specification without the size, in pixels; a scalar has `text` and a type in `flags`.
    """

    name: str
    options: str
    objects: tuple[str, ...]
    size: tuple[int, int]
    flags: int
    text: str
    recipe: Recipe

    @property
    def spec(self) -> str:
        width, height = self.size
        return ";".join(part for part in (f"w={width};h={height}", self.options) if part)


ALBUM: dict[str, Page] = {}


def page(
    options: str, *objects: str, size: tuple[int, int] = SMALL, flags: int = HISTOGRAM, text: str = "", name: str = ""
) -> Callable[[Recipe], Recipe]:
    """Puts the function that follows into the album: it draws `objects`, which are its arguments, as `options` ask for."""

    def add(recipe: Recipe) -> Recipe:
        title = name or recipe.__name__
        assert title not in ALBUM, title
        ALBUM[title] = Page(title, options, objects, size, flags, text, recipe)
        return recipe

    return add
