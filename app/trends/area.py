"""Declaration of the area "Trends"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from app import trends
from app.core.area import Area, CliCommand, HelpTopic, MenuItem, OwnJob, OwnJobKind, RunLink, RunPoint, ShownElement, StatusLine
from app.trends.rules.event_source import TrendEvents
from app.trends.settings import TrendSettings

if TYPE_CHECKING:
    from prometheus_client import Metric

    from app.core.settings import Settings


def _openapi() -> Mapping[str, Any]:
    from app.trends.api.openapi import PATHS

    return PATHS


def _status(settings: Settings) -> Iterable[StatusLine]:
    from app.trends.status import status_lines

    return status_lines(settings)


def _metrics(settings: Settings) -> Iterable[Metric]:
    from app.trends.status import metrics

    return metrics(settings)


def _run_links(run: int) -> Iterable[RunLink]:
    from app.trends.run_links import run_links

    return run_links(run)


def _run_points(run: int, dataset: str, limit: int) -> Iterable[RunPoint]:
    from app.trends.run_points import run_points

    return run_points(run, dataset, limit)


def _element_links(element: ShownElement) -> Iterable[RunLink]:
    from app.trends.element_links import element_links

    return element_links(element)


def _element_panels(element: ShownElement) -> Iterable[RunLink]:
    from app.trends.element_panels import element_panels

    return element_panels(element)


def _extractions(keys: Iterable[str]) -> Mapping[str, OwnJob]:
    from app.trends.own_jobs import extractions

    return extractions(keys)


def _requested_trends(keys: Iterable[str]) -> Mapping[str, OwnJob]:
    from app.trends.own_jobs import requested_trends

    return requested_trends(keys)


AREA = Area(
    name="trends",
    title="Trends",
    init_app=trends.init_app,
    menu=(MenuItem("Trends", "/trends"),),
    openapi=_openapi,
    run_links=_run_links,
    run_points=_run_points,
    status=_status,
    metrics=_metrics,
    element_links=_element_links,
    element_panels=_element_panels,
    jobs="jobs.trends",
    own_jobs=(
        OwnJobKind("extract-trends", "extraction", _extractions),
        OwnJobKind("compute-requested-trend", "requested trend", _requested_trends),
    ),
    commands={"trends": CliCommand("app.cli.trends", "Data")},
    settings=TrendSettings,
    help=(HelpTopic("trends", "Trends", "trends/help.html"),),
    events=TrendEvents(),
    roles={
        "trends.trends": "viewer",
        "trends.points": "viewer",
        "trends_old.old_page": "viewer",
        "trend_downloads.chart_csv": "viewer",
        "trend_downloads.chart_json": "viewer",
        "trend_groups.subsystems": "viewer",
        "trend_groups.group_list": "viewer",
        "trend_groups.edit": "expert",
        "trend_groups.save": "expert",
        "trend_groups.move": "expert",
        "trend_groups.delete": "expert",
        "trend_groups.history": "viewer",
        "trend_groups.restore": "expert",
        "golden.upload_form": "viewer",
        "golden.upload": "viewer",
        "golden.show": "viewer",
        "golden_api.store": "viewer",
        "golden_api.show": "viewer",
        "trend_groups_api.list_groups": "viewer",
        "trend_groups_api.show_group": "viewer",
        "trend_groups_api.add_group": "expert",
        "trend_groups_api.edit_group": "expert",
        "trend_groups_api.delete_group": "expert",
        "trend_chart.show_chart": "viewer",
        "trend_chart.chart_points": "viewer",
        "trend_points.show_point": "viewer",
        "trend_rules.rule_list": "viewer",
        "trend_rules.new": "expert",
        "trend_rules.add": "expert",
        "trend_rules.edit": "expert",
        "trend_rules.save": "expert",
        "trend_rules.switch": "expert",
        "trend_rules.delete": "expert",
        "trends_api.list_trends": "viewer",
        "trends_api.list_selections": "viewer",
        "trends_api.points": "viewer",
        "trends_legacy.index": "viewer",
        "trends_legacy.selection": "viewer",
        "trends_legacy.plot_selection": "viewer",
        "trends_legacy.list_runs": "viewer",
        "trends_legacy.data": "viewer",
        "trends_legacy.expand_url": "viewer",
        "requested_trends.new_trend": "viewer",
        "requested_trends.request_trend": "shifter",
        "requested_trends.check_expression": "viewer",
        "requested_trends.requested_trend": "viewer",
        "requested_trends.points": "viewer",
        "requested_trends.points_csv": "viewer",
        "requested_trends.point": "viewer",
        "requested_trends.cancel_request": "shifter",
        "requested_trends.repeat_request": "shifter",
        "requested_trends.keep_trend": "expert",
        "strip_charts.show_strip": "viewer",
        "strip_charts.compute_strip": "viewer",
        "trend_configs.list_configs": "viewer",
        "trend_configs.remove_config": "expert",
        "lumi_trends.lumi_form": "viewer",
        "lumi_trends.request_lumis": "shifter",
    },
)
