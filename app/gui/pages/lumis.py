"""Lumisections on the pages of a sample: links to others, and the chart of a plot over them."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app.gui import samples
from app.gui.pages.chart import HEIGHT, WIDTH, lumi_chart
from app.gui.pages.lumi_series import LumiSeries, LumiSeriesCache
from app.gui.view import View
from app.web.arguments import parse_int

LARGEST_LUMI = 10**9 - 1


def nearest_lumi(view: View, number: str) -> int:
    """The existing lumisection nearest to a number; 0 (the whole run) for 0, and for a text that is no number."""
    wanted = parse_int(number, LARGEST_LUMI) or 0
    lumis = _lumis(view)
    return min(lumis, key=lambda lumi: abs(lumi - wanted)) if wanted and lumis else 0


def _lumis(view: View) -> list[int]:
    return [lumi for lumi in samples.lumis_of(view.key.run, view.key.dataset) if lumi]


def lumi_steps(view: View) -> dict[str, Any] | None:
    """The lumisections of the run, and links to the previous and next one; None when there are none."""
    lumis = _lumis(view)
    if not lumis:
        return None
    before = [lumi for lumi in lumis if lumi < view.key.lumi]
    after = [lumi for lumi in lumis if lumi > view.key.lumi]
    return {
        "count": len(lumis),
        "first": lumis[0],
        "last": lumis[-1],
        "previous": before[-1] if before else None,
        "previous_address": view.of_lumi(before[-1]).address if before else None,
        "next_address": view.of_lumi(after[0]).address if after else None,
    }


def current_lumi_series() -> LumiSeriesCache:
    """The series of the application that answers the current request."""
    found: LumiSeriesCache = current_app.extensions["lumi_series"]
    return found


def series_context(view: View, series: LumiSeries | None) -> dict[str, Any]:
    """Values of gui/lumi_series_fragment.html; a fragment without a series loads it."""
    if series is None:
        return {"series": None}
    name = view.quantity if view.quantity in series.quantities else next(iter(series.quantities), "")
    return {
        "series": series,
        "quantity": name,
        "quantities": [(other, view.replace(quantity=other).address, other == name) for other in series.quantities],
        "chart": lumi_chart(series.quantities.get(name, {}), view.key.lumi),
        "size": (WIDTH, HEIGHT),
    }
