"""Keeping the tables and the kept plots bounded."""

from __future__ import annotations

import time

from app.gui.drawing.plots import EVICT, evict
from app.gui.lists.importing import forget_names
from app.settings import load
from app.square.grabbing import retention
from app.work import Work, handler, report
from app.work.model import CANCELLED, DONE, FAILED

CLEAN = "clean"
CLEAN_SQUARE = "clean-square"
KEEP_DAYS = 30
BATCH = 1000
"""Rows removed at a time, so that nobody waits long for the database."""


@handler(CLEAN, daily=True)
def clean(work: Work) -> None:
    """Remove work that ended more than KEEP_DAYS ago, and name lists that no sample has any more."""
    old = Work.state.in_((DONE, FAILED, CANCELLED)), Work.finished < time.time() - KEEP_DAYS * 86400
    removed = 0
    while batch := [row.id for row in Work.select(Work.id).where(*old).limit(BATCH)]:
        removed += Work.delete().where(Work.id.in_(batch)).execute()
        report(work, None, f"{removed} rows of old work removed")
    report(work, None, f"{removed} rows of old work and {forget_names()} name lists removed")


@handler(EVICT)
def evict_plots(work: Work) -> None:
    """Remove the plots that were not shown for longest, down to nine tenths of what may be kept."""
    settings = load()
    gone = evict(settings.data / "plots", int(0.9 * (settings.plot_cache_mb << 20)))
    report(work, None, f"{gone} plots removed")


@handler(CLEAN_SQUARE, daily=True)
def clean_square(work: Work) -> None:
    """Remove what was grabbed of DQM^2 and is older than the settings say."""
    removed = retention.clean(load(), lambda text: report(work, None, f"{text} removed"))
    report(work, None, ", ".join(f"{count} {kind}" for kind, count in removed.items()) + " removed")
