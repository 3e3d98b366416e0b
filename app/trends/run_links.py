"""Links from the pages of a run in other areas to the trends around it."""

from __future__ import annotations

from urllib.parse import urlencode

from app.core.area import RunLink
from app.core.database import rows
from app.trends.models import TrendDataset, TrendRun
from app.web.frame import href

AROUND = 25
"""Runs on each side that the trends show."""


def run_links(run: int) -> list[RunLink]:
    """The link to the trends around a run; none for a run without points."""
    datasets = [number for (number,) in rows(TrendDataset.select(TrendDataset.id))]
    query = TrendRun.select(TrendDataset.id, TrendDataset.primary_dataset, TrendDataset.processing)
    found = rows(query.join(TrendDataset).where(TrendRun.dataset.in_(datasets), TrendRun.run == run))
    if not found:
        return []
    own = [number for number, *_ in found]
    fields = {"runs": f"{_edge(own, run, -1)}-{_edge(own, run, 1)}"}
    places = {(primary, processing) for _, primary, processing in found}
    if len(places) == 1:
        (primary, processing) = places.pop()
        fields = {"pd": primary, "ps": processing} | fields
    return [RunLink("Trends around this run", f"{href('/trends')}?{urlencode(fields)}")]


def _edge(datasets: list[int], run: int, step: int) -> int:
    """The run that is AROUND runs of these datasets before (step -1) or after (step 1) a run, or the last one on that side."""
    is_beyond, order = (TrendRun.run <= run, TrendRun.run.desc()) if step < 0 else (TrendRun.run >= run, TrendRun.run)
    query = TrendRun.select(TrendRun.run).distinct().where(TrendRun.dataset.in_(datasets), is_beyond).order_by(order)
    return [int(number) for (number,) in rows(query.limit(AROUND + 1))][-1]
