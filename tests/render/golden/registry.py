"""The list of golden images: the request for the service, and the plain ROOT code that draws the same plot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

SMALL = (266, 200)
LARGE = (600, 400)

HISTOGRAM, INTEGER, REAL, STRING = 0x10, 0, 1, 2
EFFICIENCY = 0x00200000

Recipe = Callable[..., None]


@dataclass(frozen=True)
class GoldenImage:
    """One golden image and the request for it."""

    name: str
    """Name of the image file without its suffix."""

    options: str
    """The specification without the size."""

    objects: tuple[str, ...]
    """Names of objects in objects.py; an empty name means a missing object."""

    size: tuple[int, int]
    """Width and height in pixels."""

    flags: int
    """ME type and properties of the request."""

    text: str
    """Value of a scalar."""

    recipe: Recipe
    """Draws the objects (None for a missing one) on the current canvas."""

    @property
    def spec(self) -> str:
        width, height = self.size
        return ";".join(part for part in (f"w={width};h={height}", self.options) if part)


GOLDEN_IMAGES: dict[str, GoldenImage] = {}


def golden_image(
    options: str, *objects: str, size: tuple[int, int] = SMALL, flags: int = HISTOGRAM, text: str = "", name: str = ""
) -> Callable[[Recipe], Recipe]:
    """Register the decorated function, which receives `objects` and draws them as the service must for `options`."""

    def add(recipe: Recipe) -> Recipe:
        image_name = name or recipe.__name__
        assert image_name not in GOLDEN_IMAGES, image_name
        GOLDEN_IMAGES[image_name] = GoldenImage(image_name, options, objects, size, flags, text, recipe)
        return recipe

    return add
