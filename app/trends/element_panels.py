"""What the page of a monitor element shows of its trends when a reader opens it."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.area import RunLink, ShownElement
from app.trends.pages.strip_link import strip_link


def element_panels(element: ShownElement) -> Iterator[RunLink]:
    """The strip chart over the last runs."""
    yield RunLink("Strip chart over runs", strip_link(element.dataset, element.path, element.run, compute=1))
