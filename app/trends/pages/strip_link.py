"""The address of a strip chart."""

from __future__ import annotations

from app.web.links import link

STRIP_PATH = "/trends/strip"


def strip_link(dataset: str, me: str, run: int, **fields: object) -> str:
    """The address of the strip chart of a monitor element.

    Args:
        run: The run from whose page it is opened; 0 for the ongoing one.
        fields: `quantity`, `bin`, `runs` and what chooses a part of the page.
    """
    return link(STRIP_PATH, {"dataset": dataset, "me": me, "run": run, **fields})
