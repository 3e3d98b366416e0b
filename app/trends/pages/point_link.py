"""The address of the page of a point."""

from __future__ import annotations

from app.trends.pages.view import PATH, encoded
from app.trends.query.series_key import Key
from app.web.frame import href

POINT_PATH = f"{PATH}/point"


def point_address(key: Key, run: int) -> str:
    """The address of the page of a point of a series."""
    return f"{href(POINT_PATH)}?{encoded([('series', str(key)), ('run', str(run))])}"
