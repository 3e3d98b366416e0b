"""What the pages of a sample say of the lumisections of its run: the way to others, and the course of a plot over them."""

from __future__ import annotations

from typing import Any

from flask import current_app, request

from app.gui import samples
from app.gui.addresses import View
from app.gui.pages.chart import HEIGHT, WIDTH, chart
from app.gui.pages.lumi_series import Course, Courses


def nearest(view: View) -> int:
    """The lumisection that is asked for, else the nearest that there is; 0 (the whole run) only when it is meant."""
    text = request.args["lumi"]
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    lumis = _lumis(view)
    return min(lumis, key=lambda lumi: abs(lumi - wanted)) if wanted and lumis else 0


def _lumis(view: View) -> list[int]:
    return [lumi for lumi in samples.lumis_of(view.key.run, view.key.dataset) if lumi]


def steps(view: View) -> dict[str, Any] | None:
    """The lumisections of the run, and the ways to those before and after the one that is shown; None when there are none."""
    lumis = _lumis(view)
    if not lumis:
        return None
    before = [lumi for lumi in lumis if lumi < view.key.lumi]
    after = [lumi for lumi in lumis if lumi > view.key.lumi]
    return {
        "count": len(lumis),
        "first": lumis[0],
        "last": lumis[-1],
        "before": view.of_lumi(before[-1]).address if before else None,
        "after": view.of_lumi(after[0]).address if after else None,
        "previous": before[-1] if before else None,
        "whole": view.of_lumi(0).address,
    }


def courses() -> Courses:
    found: Courses = current_app.extensions["courses"]
    return found


def over(view: View, found: Course | None) -> dict[str, Any]:
    """The chart of one quantity of an ME over lumisections, and the choice of others; nothing while it is not known."""
    if found is None:
        return {"course": None}
    name = view.trend if view.trend in found.points else next(iter(found.points), "")
    choice = [(other, view.but(trend=other).address, other == name) for other in found.points]
    drawn = chart(found.points.get(name, {}), view.key.lumi)
    return {"course": found, "quantity": name, "choice": choice, "chart": drawn, "size": (WIDTH, HEIGHT)}
