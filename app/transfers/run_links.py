"""The link from the pages of a run in other areas to its transfers."""

from __future__ import annotations

from app.core.area import RunLink
from app.transfers.runs import has_run
from app.web.frame import href


def run_links(run: int) -> list[RunLink]:
    """The link to the transfers of a run; none if nothing was reported of it."""
    return [RunLink("Transfers", href(f"/transfers/runs/{run}"))] if has_run(run) else []
