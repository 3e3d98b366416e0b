"""The place of a panel in the grid of its tab. Sizes are pixels on a screen of 1920x1080, as static/wall/wall.css has them."""

from __future__ import annotations

from app.core.area import WallPanel
from app.wall.definition import TabPanel, WallTab
from app.wall.panels import all_options

GRID_WIDTH, GRID_HEIGHT = 1872, 952
"""Of the grid, below the title and the names of tabs."""
GAP = 16
"""Between panels."""
PADDING, HEADINGS = 34, 106
"""What a panel takes of its width, and of its height with two lines of text."""


def options_in_place(panel: WallPanel, tab: WallTab, place: TabPanel) -> dict[str, str | int]:
    """The options of a panel in its place, with the room in it as `panel_width` and `panel_height`."""
    width = (GRID_WIDTH + GAP) * place.width // tab.columns - GAP - PADDING
    height = (GRID_HEIGHT + GAP) * place.height // tab.rows - GAP - HEADINGS
    return all_options(panel, place.options) | {"panel_width": width, "panel_height": height}
