"""The metrics that a form offers, and what is said about an expression while it is typed."""

from __future__ import annotations

import inspect
from functools import cache
from typing import NamedTuple

from app.trends.errors import ConfigError
from app.trends.expressions import parse_metric
from app.trends.metrics.registry import METRICS


class MetricHelp(NamedTuple):
    """What a form says about a metric."""

    name: str
    summary: str  # first line of its documentation
    arguments: str  # such as `bin: int | str, no_error: bool = False`
    example: str  # an expression, in which names stand for required arguments


class CheckedMetric(NamedTuple):
    """What is wrong with an expression, and the metric that it names."""

    problem: str  # "" for nothing
    help: MetricHelp | None


@cache
def metric_list() -> list[MetricHelp]:
    """All metrics in the order of their names."""
    return [_help(name) for name in sorted(METRICS, key=str.lower)]


def _help(name: str) -> MetricHelp:
    parameters = inspect.signature(METRICS[name]).parameters.values()
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    arguments = ", ".join(str(parameter).replace("'", "") for parameter in parameters)
    return MetricHelp(name, summary_of(name), arguments, f"{name}({', '.join(required)})")


def summary_of(name: str) -> str:
    """The first line of the documentation of a metric."""
    return (inspect.getdoc(METRICS[name]) or "").partition("\n")[0]


def check_metric(expression: str) -> CheckedMetric:
    """What is wrong with an expression, with the nearest metric, and what its metric does."""
    name = expression.partition("(")[0].strip()
    found = _help(name) if name in METRICS else None
    try:
        parse_metric(expression)
    except ConfigError as error:
        return CheckedMetric(str(error), found)
    return CheckedMetric("", found)


def example_of(name: str) -> str:
    """An expression of a metric; "" if there is none of this name."""
    return _help(name).example if name in METRICS else ""
