"""The page of one point of a trend, and its fragment beside a chart."""

from __future__ import annotations

from functools import partial
from json import dumps
from typing import Any, NamedTuple

from flask import Blueprint, Response, request
from markupsafe import Markup

from app.core.area import RunLink, current_areas
from app.core.urls import base_name
from app.core.zones import DEFAULT_ZONE
from app.gui.files.shown import shown_path
from app.runs.models import RunRecord
from app.runs.panel import panel_values, run_page_links
from app.runs.settings import RunsSettings
from app.runs.store import find_facts
from app.security import Role, needs
from app.trends.configs.page_configs import PAGE
from app.trends.errors import UnknownSelection
from app.trends.models import LARGEST_RUN
from app.trends.pages.chart_steps import PointStep, PointSteps, chart_steps, values_of_run
from app.trends.pages.chart_view import CHART_PATH, ChartView, chart_view_from_query
from app.trends.pages.charts import Chart, chart_address
from app.trends.pages.lumis_link import lumis_link
from app.trends.pages.me_pictures import ROLES, MEPictures, me_pictures
from app.trends.pages.point_link import POINT_PATH, point_address
from app.trends.pages.point_texts import missing_text, neighbour_texts
from app.trends.pages.titles import plain_title
from app.trends.pages.value_text import value_text
from app.trends.pages.view import PATH, view_from_query
from app.trends.precedence import file_version_number
from app.trends.query.columns import read_table
from app.trends.query.run_states import dataset_of_run, missing_points, neighbours
from app.trends.query.series_key import QUANTITIES, Key, RunQuantity, SeriesKey, parse_key
from app.trends.query.stored_points import PointConfig, StoredPoint, TrendFacts, find_trend, losing_files, points_of_run, series_ids
from app.web import Problem, is_fragment, page, request_settings, shown_page
from app.web.arguments import int_arg
from app.web.clock import time_html
from app.web.frame import href

blueprint = Blueprint("trend_points", __name__)


class NeighbourTexts(NamedTuple):
    """The nearest point on one side, and why runs between have none."""

    step: PointStep | None
    texts: list[Markup]


class OlderPoint(NamedTuple):
    """The point of an older configuration."""

    value: str
    config: PointConfig


@blueprint.get(POINT_PATH)
@needs(Role.VIEWER)
def show_point() -> Response:
    """The point `run=` of `series=`. As a fragment it goes beside a chart; the address of the page of one chart then has it."""
    key, run = parse_key(request.args.get("series", "")), int_arg("run", 0, LARGEST_RUN)
    if not run:
        raise Problem(400, "The address names no run", [("run", "Expected the number of a run")])
    current = shown_page()
    is_beside_chart = is_fragment() and current.path == href(CHART_PATH)
    view = chart_view_from_query(current.query).of_point(key, run) if is_beside_chart else None
    context = point_context(key, run, view)
    if is_fragment() and current.path == href(PATH):
        options = view_from_query(current.query)
        context |= {"is_beside_charts": True, "chart_address": chart_address("chart", Chart("", "", False, [key]), options, run)}
    response = page("trends/point.html", "trends/point_fragment.html", **context)
    if request.headers.get("HX-Target") == "trend-point":
        response.headers |= _headers(view, current.path, key, run)
    return response


def _headers(view: ChartView | None, current_path: str, key: Key, run: int) -> dict[str, str]:
    """Headers of another point: charts mark its run, and the page gets its address."""
    headers = {"HX-Trigger": dumps({"trend-point": {"run": run}})}
    if view:
        return headers | {"HX-Replace-Url": view.address}
    return headers | ({"HX-Push-Url": point_address(key, run)} if current_path == href(POINT_PATH) else {})


def point_context(key: Key, run: int, view: ChartView | None = None) -> dict[str, Any]:
    """Values of the template trends/point_fragment.html; view: of the chart that the point is beside. Raises UnknownSelection."""
    own: dict[str, Any] = {
        "key": key,
        "run": run,
        "chart_address": ChartView(series=(key,), run=run).address,
        "point_address": partial(point_address, key),
    }
    own |= _quantity_context(key, run) if isinstance(key, RunQuantity) else _trend_context(key, run)
    if view and key in view.series:
        table = read_table(view.series, view.runs, view.conditions, request_settings())
        own |= {"steps": chart_steps(view, table, key), "values": values_of_run(view, table)}
    return own | _run_context(run)


def _run_context(run: int) -> dict[str, Any]:
    """What is known of the run, and where else it has pages."""
    settings = request_settings()
    own = settings.of(RunsSettings)
    areas = [area for area in current_areas() if area.run_links and area.name not in ("gui", "trends")]
    links = [link for area in areas if area.run_links for link in area.run_links(run)]
    return {
        **panel_values(run, settings),
        "has_sources": bool(own.runs_oms_url or own.runs_rr_url),
        "links": links,
        "outside_links": [RunLink(text, address) for text, address in run_page_links(run, settings)],
        "tz": DEFAULT_ZONE,
        "time_html": time_html,
    }


def _quantity_context(key: RunQuantity, run: int) -> dict[str, Any]:
    title, unit = QUANTITIES[key.quantity]
    facts = find_facts(run)
    value = getattr(facts, key.quantity) if facts else None
    return {
        "title": title,
        "value": "" if value is None else f"{value_text(value, None)} {_unit(facts, key, unit)}",
        "exact": "" if value is None else repr(value),
        "no_point": f"The hub has no value of run {run} from OMS." if value is None else "",
    }


def _unit(facts: RunRecord | None, key: RunQuantity, usual: str) -> str:
    return facts.unknown_units.get(key.quantity, usual) if facts else usual


def _trend_context(key: SeriesKey, run: int) -> dict[str, Any]:
    trend = find_trend(key.subsystem, key.name)
    if trend is None:
        raise UnknownSelection(f"There is no trend {key.name} of {key.subsystem}")
    found = points_of_run(key, trend, run)
    return {
        "trend": trend,
        "title": plain_title(trend.title) or trend.name,
        "y_title": plain_title(trend.y_title),
        "config": trend.config,
        "inputs": [(ROLES[name], path) for name, path in trend.config.inputs.items()],
        "place": shown_path(trend.place),
        "is_kept": trend.place.startswith(PAGE),
        "older": [_older(trend, point) for point in found.older],
        **_value_context(key, trend, run, found.shown),
        **_file_context(key, trend, run, found.shown, found.others),
        **_step_context(key, trend, run),
    }


def _value_context(key: SeriesKey, trend: TrendFacts, run: int, point: StoredPoint | None) -> dict[str, Any]:
    if point is None or point.value is None:
        (missing,) = missing_points(key, series_ids(key, [trend.config.id]), [run])
        return {"value": "", "no_point": missing_text(key, missing)}
    return {
        "value": value_text(point.value, point.error),
        "exact": repr(point.value),
        "exact_error": "" if point.error is None else repr(point.error),
        "mark": point.reason,
        "no_point": "",
    }


def _older(trend: TrendFacts, point: StoredPoint) -> OlderPoint:
    (config,) = [config for config in trend.configs if config.id == point.config]
    text = f"no point: {point.reason}" if point.value is None else value_text(point.value, point.error)
    return OlderPoint(text, config)


def _file_context(key: SeriesKey, trend: TrendFacts, run: int, point: StoredPoint | None, others: list[StoredPoint]) -> dict[str, Any]:
    """The file of the point, those that it takes precedence over, and the monitor elements."""
    dataset = point.dataset if point else dataset_of_run(key, run)
    losers = losing_files(dataset, run)
    pictures = MEPictures([], "", False, "")
    if dataset:
        pictures = me_pictures(trend.config, run, dataset, point.url if point else "", point.mtime_ns if point else 0)
    return {
        "dataset": dataset,
        "point": point,
        "file": shown_path(point.url) if point else "",
        "file_version": file_version_number(point.url) if point else 0,
        "losers": [base_name(url) for url in losers],
        "others": [(base_name(other.url), other.dataset) for other in others],
        "pictures": pictures,
        "lumis": lumis_link(run, dataset, trend.config.metric, trend.config.inputs),
    }


def _step_context(key: SeriesKey, trend: TrendFacts, run: int) -> dict[str, Any]:
    sides = [
        NeighbourTexts(
            None if found.run is None else PointStep(found.run, point_address(key, found.run)),
            neighbour_texts(key, found),
        )
        for found in neighbours(key, trend, run, request_settings())
    ]
    return {"previous": sides[0], "next": sides[1], "steps": PointSteps(sides[0].step, sides[1].step)}
