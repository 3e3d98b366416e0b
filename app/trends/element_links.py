"""Links from a histogram on a plot page to its trends."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.area import RunLink, ShownElement
from app.gui.files.entries import is_live
from app.gui.samples import lumis_of
from app.trends.pages.lumis_link import LUMIS_PATH
from app.web.links import link


def element_links(element: ShownElement) -> Iterator[RunLink]:
    """The form for the trend of a histogram over runs, and over lumisections if the run is ongoing or has files of these."""
    if element.is_number:
        return
    fields = {"dataset": element.dataset, "run": element.run, "me": element.path}
    yield RunLink("Trend of this", link("/trends/new", fields))
    if is_live(element.run, element.dataset) or any(lumis_of(element.run, element.dataset)):
        yield RunLink("Over lumisections", link(LUMIS_PATH, fields))
