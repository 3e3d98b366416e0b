"""What /metrics shows: counters of the web processes and gauges of the areas."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from app.core.counter_metrics import CounterMetric, HistogramMetric, counter_families

BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 40)

REQUESTS = CounterMetric("dqmhub_requests_total", "HTTP requests", ("endpoint", "method", "status"))
REQUEST_SECONDS = HistogramMetric("dqmhub_request_seconds", "Duration of HTTP requests", ("endpoint",), buckets=BUCKETS)
RENDERS = CounterMetric("dqmhub_renders_total", "Requests to the render service", ("outcome",))
RENDER_SECONDS = HistogramMetric("dqmhub_render_seconds", "Duration of requests to the render service", buckets=(0.002, *BUCKETS))
PLOTS_KEPT = CounterMetric("dqmhub_plots_kept_total", "Plots served from the cache")

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


def counter_text() -> bytes:
    """All counters of all processes of this web server in the text format of Prometheus."""
    return family_text(counter_families())


def gauge(name: str, help: str, samples: Iterable[tuple[Mapping[str, object], float]]) -> GaugeMetricFamily:
    """A gauge. Raises ValueError when samples have different label names.

    Args:
        samples: Labels and value of each, in any order of the labels.
    """
    values = list(samples)
    names = list(values[0][0]) if values else []
    family = GaugeMetricFamily(name, help, labels=names)
    for labels, value in values:
        if labels.keys() != set(names):
            raise ValueError(f"The samples of {name} have the labels {', '.join(names)} and {', '.join(labels)}")
        family.add_metric([_label_text(labels[label]) for label in names], float(value))
    return family


def _label_text(value: object) -> str:
    """A label as text that can be encoded: names of files and hosts may hold any bytes."""
    return str(value).encode(errors="replace").decode()


class _Families:
    """A collector of existing families."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families


def family_text(families: Iterable[Metric]) -> bytes:
    """Metric families in the text format of Prometheus, with labels escaped."""
    registry = CollectorRegistry()
    registry.register(_Families(list(families)))
    return generate_latest(registry)


def init_app(app: Flask) -> None:
    """Count the requests of the application, and measure their duration."""
    app.before_request(_start)
    app.after_request(_count)


def _start() -> None:
    g.started = time.perf_counter()


def _count(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    method = request.method if request.method in METHODS else "other"  # clients invent methods, and each would remain for ever
    _requests(endpoint, method, response.status_code).inc()
    if "started" in g:
        _seconds(endpoint).observe(time.perf_counter() - g.started)
    return response


_requests = lru_cache(maxsize=None)(REQUESTS.labels)  # a look-up takes longer than counting
_seconds = lru_cache(maxsize=None)(REQUEST_SECONDS.labels)
