"""Computing points again, after a mended metric or file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.counters import advance
from app.core.database import proxy, rows
from app.core.short_writes import short_transactions
from app.core.text import counted
from app.security.audit_log import audit
from app.trends.models import Trend, TrendExtraction, TrendVersion
from app.trends.versions import COUNTER


def recompute(subsystem: str, name: str, reason: str) -> int:
    """Let all points of some trends be computed again, in all samples; returns the number of trends.

    They are due at once, and stay as they are until then. Empty texts stand for all.
    """
    query = TrendVersion.select(TrendVersion.id).join(Trend).where(TrendVersion.activated.is_null(False))
    if subsystem:
        query = query.where(Trend.subsystem == subsystem)
    if name:
        query = query.where(Trend.name == name)
    with proxy.atomic():
        activation = advance(COUNTER)
        versions = [number for (number,) in rows(query)]
        if versions:
            TrendVersion.update(activated=activation).where(TrendVersion.id.in_(query)).execute()
        audit("recompute trends", f"{subsystem or 'all subsystems'} {name or 'all trends'}", reason, counted(len(versions), "trend"))
    if versions:
        _try_now()
    return len(versions)


def _try_now() -> None:
    """Let all extractions that wait after a failure be due at once."""
    extraction = TrendExtraction

    def store(some: Sequence[tuple[Any, ...]]) -> None:
        for dataset, run in some:
            extraction.update(next_try=0.0).where(extraction.dataset == dataset, extraction.run == run).execute()

    for _ in short_transactions(rows(extraction.select(extraction.dataset, extraction.run).where(extraction.next_try > 0)), store):
        pass
