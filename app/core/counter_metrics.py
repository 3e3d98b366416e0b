"""Counters and histograms for /metrics that all processes of a web server count together.

prometheus_client does this with memory-mapped files, which end the processes by SIGBUS when their disk is full. Here the
numbers are in memory that the processes share. Two web servers have counters of their own.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from app.core.shared_counts import SharedCounts

Totals = Mapping[str, Mapping[tuple[str, ...], float]]
"""Sums over all processes, by name and by values of the labels."""

_SEPARATOR = "\0"
"""Between the parts of the name of a shared number: what it is, then values of its labels."""

_metrics: list[CounterMetric | HistogramMetric] = []
_counts = SharedCounts()


def share_counts(counts: SharedCounts) -> None:
    """Count in this memory from now on, and in the processes that are forked from this one."""
    global _counts
    _counts = counts


def counter_families() -> Iterator[Metric]:
    """All counters and histograms of this process with their sums."""
    totals = _totals()
    return (metric.family(totals) for metric in _metrics)


def _totals() -> Totals:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for key, total in sorted(_counts.totals().items()):
        name, *labels = key.split(_SEPARATOR)
        found.setdefault(name, {})[tuple(labels)] = total
    return found


def _key(name: str, labels: Iterable[object]) -> str:
    return _SEPARATOR.join((name, *(str(label).replace(_SEPARATOR, "") for label in labels)))


class CounterMetric:
    """A number of events, by the values of labels. Without labels it is 0 before the first event."""

    def __init__(self, name: str, help: str, labels: tuple[str, ...] = ()) -> None:
        self.name, self.help, self.label_names = name, help, labels
        _metrics.append(self)

    def labels(self, *values: object) -> LabelledCounter:
        """The counter of these values of the labels."""
        return LabelledCounter(_key(self.name, values))

    def inc(self) -> None:
        """Count an event, without labels."""
        _counts.add(self.name, 1.0)

    def family(self, totals: Totals) -> Metric:
        """The metric with its sums."""
        family = CounterMetricFamily(self.name, self.help, labels=self.label_names)
        for labels, total in totals.get(self.name, {} if self.label_names else {(): 0.0}).items():
            family.add_metric(labels, total)
        return family

    def collect(self) -> list[Metric]:
        """The metric with its sums, as collectors of prometheus_client have it."""
        return [self.family(_totals())]


class LabelledCounter:
    """The counter of some values of the labels."""

    def __init__(self, key: str) -> None:
        self._key = key

    def inc(self) -> None:
        """Count an event."""
        _counts.add(self._key, 1.0)


class HistogramMetric:
    """Durations in seconds, counted in buckets, by the values of labels."""

    def __init__(self, name: str, help: str, labels: tuple[str, ...] = (), *, buckets: tuple[float, ...]) -> None:
        """
        Args:
            buckets: Their upper limits, rising; one without a limit is added.
        """
        self.name, self.help, self.label_names = name, help, labels
        self.limits = buckets
        self.bucket_names = (*map(str, map(float, buckets)), "+Inf")
        _metrics.append(self)

    def labels(self, *values: object) -> LabelledHistogram:
        """The histogram of these values of the labels."""
        return LabelledHistogram(self, values)

    @contextmanager
    def time(self) -> Iterator[None]:
        """Count the duration of a block, without labels."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.labels().observe(time.perf_counter() - start)

    def family(self, totals: Totals) -> Metric:
        """The metric with its sums."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.label_names)
        counts = totals.get(f"{self.name}_bucket", {})
        for labels, seconds in totals.get(f"{self.name}_sum", {}).items():
            cumulative = accumulate(counts.get((*labels, name), 0.0) for name in self.bucket_names)
            family.add_metric(labels, list(zip(self.bucket_names, cumulative, strict=True)), seconds)
        return family


class LabelledHistogram:
    """The histogram of some values of the labels."""

    def __init__(self, histogram: HistogramMetric, labels: tuple[object, ...]) -> None:
        self._limits = histogram.limits
        self._sum = _key(f"{histogram.name}_sum", labels)
        self._buckets = [_key(f"{histogram.name}_bucket", (*labels, name)) for name in histogram.bucket_names]

    def observe(self, seconds: float) -> None:
        """Count a duration."""
        _counts.add(self._buckets[bisect_left(self._limits, seconds)], 1.0)
        _counts.add(self._sum, seconds)
