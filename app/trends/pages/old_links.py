"""Addresses of the pages of the original (HDQM), which lead to the same view here.

    /hdqm/?subsystem=&pd=&ps=&filter=latest|range|list|json&filterValue=50&options=14&search=&page=&fsPlot=0

What cannot be translated stays in the address, so that the page names it.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.trends.errors import InvalidQuery
from app.trends.pages.chart_options import SWITCHES, USUAL_RUNS
from app.trends.pages.charts import chart_address, charts_of, page_of
from app.trends.pages.run_form import kind_of
from app.trends.pages.selects import completed
from app.trends.pages.view import GRID, PATH, view_from_query
from app.trends.query.run_choice import RunChoice
from app.trends.query.selection import selections
from app.web.arguments import parse_int
from app.web.frame import href

blueprint = Blueprint("trends_old", __name__)

OLD_FIELDS = frozenset({"filter", "filterValue", "options", "fsPlot"})
"""Fields that no address of this product has."""

BITS = {"errors": 1, "fills": 2, "duration": 4, "regression": 8}
"""Bits of `options` for what is drawn."""

AXIS_BITS = {16: "duration", 32: "delivered", 64: "time"}
"""Bits of `options` for the x axis, at most one of them."""

ALL_BITS = sum(BITS.values()) + sum(AXIS_BITS)

PLOTS = GRID[0] * GRID[1]
"""Plots of a page of the original."""

Query = dict[str, str]


@blueprint.get("/hdqm")
@blueprint.get("/hdqm/")
@blueprint.get("/hdqm/index.html")
@needs(Role.VIEWER)
def old_page() -> AnyResponse:
    """The page of the original leads to the same view."""
    query = request.args.to_dict()
    return redirect(new_address(query) or _address(query))


def new_address(query: Query) -> str:
    """The address for the query of an old one; "" if nothing of it can be translated."""
    found = dict(query)
    changed = [_translate_runs(found), _translate_options(found)]
    return _full_screen(found) or (_address(found) if any(changed) else "")


def _address(query: Query) -> str:
    text = urlencode({name: value for name, value in query.items() if value}, quote_via=quote, safe=":,/")
    return href(PATH) + (f"?{text}" if text else "")


def _translate_runs(query: Query) -> bool:
    kind, value = query.get("filter", "latest"), query.get("filterValue", "")
    if kind == "json":  # the page names it: the original kept no file in its address, and any other one has other runs
        query.pop("filterValue", None)
        return False
    if kind == "latest" and not value:
        if "filter" not in query:
            return False
    else:
        texts = {"latest": f"latest:{value}", "range": "-".join(value.split(",")), "list": value}
        try:
            runs = RunChoice.parse(texts.get(kind, kind))
        except InvalidQuery:
            return False
        if kind_of(runs) != kind:
            return False
        query |= {"runs": "" if runs == USUAL_RUNS else str(runs)}
    for name in ("filter", "filterValue"):
        query.pop(name, None)
    return True


def _translate_options(query: Query) -> bool:
    bits = parse_int(query.get("options", ""), ALL_BITS)
    axes = [name for bit, name in AXIS_BITS.items() if bits and bits & bit]
    if bits is None or len(axes) > 1:
        return False
    del query["options"]
    query |= {name: str(int(bool(bits & bit))) for name, bit in BITS.items() if bool(bits & bit) != SWITCHES[name]}
    query["x"] = "".join(axes)
    return True


def _full_screen(query: Query) -> str:
    """The address of the chart that the old one shows on the full screen; "" if it shows none."""
    index = parse_int(query.get("fsPlot", ""), PLOTS - 1)
    if index is None:
        return ""
    others = {name: value for name, value in query.items() if name != "fsPlot"}
    view = completed(view_from_query(urlencode(others)), selections())
    charts = page_of(charts_of(view), view)
    return chart_address("chart", charts[index], view) if index < len(charts) and not view.problems else ""
