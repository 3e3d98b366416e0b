"""Counters that processes share: their sums are those of all processes, also of those that were killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from itertools import count

from prometheus_client.parser import text_string_to_metric_families

from app.core import shared_counts
from app.core.counter_metrics import HistogramMetric, counter_families
from app.core.metrics import family_text
from app.core.shared_counts import SharedCounts

numbers = count()


def forked(counts: SharedCounts, work: Callable[[], object]) -> None:
    """Let a new process count, which is killed afterwards."""
    number = next(numbers)
    counts.reserve(number)
    if (child := os.fork()) == 0:
        try:
            counts.start(number)
            work()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    counts.end(number)


def test_what_killed_processes_counted_stays_and_no_more_memory_is_needed_for_it() -> None:
    counts = SharedCounts(2)
    for _ in range(10):
        forked(counts, lambda: (counts.add("requests é", 1.0), counts.add("seconds", 0.25)))
    assert counts.totals() == {"requests é": 10.0, "seconds": 2.5}


def test_processes_that_run_at_the_same_time_count_apart() -> None:
    counts = SharedCounts(3)
    forked(counts, lambda: (counts.add("requests", 1.0), forked(counts, lambda: counts.add("requests", 2.0))))
    counts.reserve(-1)
    forked(counts, lambda: counts.add("requests", 4.0))
    assert counts.totals() == {"requests": 7.0}


def test_a_process_without_a_slot_counts_for_itself_and_harms_nobody() -> None:
    counts = SharedCounts(1)
    counts.reserve(-1)
    counts.add("requests", 1.0)
    forked(counts, lambda: counts.add("requests", 2.0))
    assert counts.totals() == {"requests": 1.0}


def test_threads_lose_no_count() -> None:
    counts = SharedCounts()
    threads = [threading.Thread(target=lambda: [counts.add(f"n{number % 50}", 1.0) for number in range(5000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.totals() == {f"n{number}": 400.0 for number in range(50)}


def test_names_beyond_the_memory_are_not_counted_and_harm_nobody() -> None:
    counts = SharedCounts(2)
    for number in range(shared_counts.SLOT_WORDS):
        counts.add(f"{number:08}", 1.0)
    counts.add("00000000", 1.0)
    totals = counts.totals()
    assert totals["00000000"] == 2.0
    assert len(totals) == (shared_counts.SLOT_WORDS - 1) // 3  # length, name and number are a word each
    for process in (-1, -2):
        counts.reserve(process)
    counts.start(-2)  # its slot begins after the full one
    counts.add("00000000", 1.0)
    assert counts.totals() == totals | {"00000000": 3.0}


def test_buckets_of_a_histogram_are_cumulative_and_a_limit_belongs_to_its_bucket() -> None:
    histogram = HistogramMetric("dqmhub_test_seconds", "Test", ("place",), buckets=(0.5, 2))
    for seconds in (0.1, 0.5, 0.6, 2.0, 3.0):
        histogram.labels('a"b').observe(seconds)
    text = family_text(family for family in counter_families() if family.name == histogram.name).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert all(sample.labels["place"] == 'a"b' for sample in samples)
    found = {sample.labels.get("le", sample.name): sample.value for sample in samples}
    assert found == {"0.5": 2.0, "2.0": 4.0, "+Inf": 5.0, "dqmhub_test_seconds_count": 5.0, "dqmhub_test_seconds_sum": 6.2}
