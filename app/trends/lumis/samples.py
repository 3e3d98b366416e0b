"""The lumisections of a run that have files, and the trends that can be computed from these."""

from __future__ import annotations

from typing import NamedTuple

from app.core.database import rows
from app.core.settings import Settings
from app.formats.me_names import MENames
from app.gui.samples import SampleKey, lumis_of
from app.trends.custom.requests import LumisRequest
from app.trends.custom.samples import left_out_note
from app.trends.golden import golden_lumis
from app.trends.models import Trend, TrendVersion
from app.trends.settings import TrendSettings


class ChosenLumis(NamedTuple):
    """The lumisections of a request."""

    samples: list[SampleKey]  # in the order of lumisections
    before: dict[SampleKey, SampleKey]  # the lumisection with a file before each one, wanted or not
    note: str  # what was left out, or ""


class LumiTrend(NamedTuple):
    """A configured trend whose monitor elements the files of lumisections have."""

    subsystem: str
    name: str
    title: str
    metric: str
    me: str
    histo1: str
    histo2: str
    reference: str


def file_lumis(run: int, dataset: str) -> list[int]:
    """The lumisections of a run that have files, ascending."""
    return [lumi for lumi in lumis_of(run, dataset) if lumi]


def choose_lumis(request: LumisRequest, settings: Settings) -> ChosenLumis:
    """The lumisections of a request. Raises InvalidQuery if it names an unknown golden JSON."""
    there = [SampleKey(request.run, lumi, request.dataset) for lumi in file_lumis(request.run, request.dataset)]
    before = dict(zip(there[1:], there, strict=False))
    wanted = there
    if request.golden:
        ranges = golden_lumis(request.golden).get(request.run, [])
        wanted = [key for key in there if any(first <= key.lumi <= last for first, last in ranges)]
    outside = len(there) - len(wanted)
    limit = min(request.files, settings.of(TrendSettings).trend_request_files)
    lumisections = f"{outside:,} lumisections are" if outside > 1 else "1 lumisection is"
    golden = f"{lumisections} not in the golden JSON." if outside else ""
    notes = golden, left_out_note(len(wanted) - limit, limit, "last")
    return ChosenLumis(wanted[:limit], before, " ".join(filter(None, notes)))


def lumi_trends(names: MENames, words: str = "") -> list[LumiTrend]:
    """The configured trends that a file of a lumisection has the monitor elements of, with these words in their names.

    Args:
        names: The monitor elements of the file.
    """
    version = TrendVersion
    columns = Trend.subsystem, Trend.name, Trend.title, version.metric, version.me, version.histo1, version.histo2, version.reference
    query = version.select(*columns).join(Trend).where(version.activated.is_null(False)).order_by(Trend.subsystem, Trend.name)
    wanted = words.casefold().split()
    found = (LumiTrend(*row) for row in rows(query))
    return [
        trend
        for trend in found
        if all(word in f"{trend.subsystem}/{trend.name} {trend.title}".casefold() for word in wanted)
        and all(names.find(path.encode()) is not None for path in trend[4:] if path)
    ]
