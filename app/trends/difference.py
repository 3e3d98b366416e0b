"""What was filled into histograms between two snapshots of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.formats import FormatError
from app.trends.axis import BinnedAxis
from app.trends.histogram import Cells, Histogram, Sums
from app.trends.metrics.metric import NoPoint
from app.trends.reading import profile_errors

Histograms = Mapping[str, Histogram | FormatError]
"""Histograms by the paths of their monitor elements, or why each cannot be read."""

ERROR_OF_MEAN = 0
"""Value of `TProfile::fErrorMode`."""


def differences(late: Histograms, early: Histograms) -> Histograms:
    """What was filled since an earlier snapshot; all of a histogram that this lacks. Raises `NoPoint` as `difference`."""
    found: dict[str, Histogram | FormatError] = {}
    for path, after in late.items():
        before = early.get(path)
        broken = next((each for each in (after, before) if isinstance(each, FormatError)), None)
        if broken:
            found[path] = broken
        elif isinstance(after, Histogram):
            found[path] = difference(after, before) if isinstance(before, Histogram) else after
    return found


def difference(late: Histogram, early: Histogram) -> Histogram:
    """The histogram of the entries that a snapshot has more than an earlier one.

    Raises `NoPoint` if one is not the continuation of the other.
    """
    is_same = late.class_name == early.class_name and late.contents.shape == early.contents.shape
    if not is_same or not all(map(_is_same_axis, late.axes, early.axes)):
        raise NoPoint("The class or the axes of a histogram have changed since the lumisection before")
    if late.entries < early.entries:
        raise NoPoint("A histogram has fewer entries than in the lumisection before: its client was restarted")
    weights = late.weights - early.weights
    squared_weights = late.squared_weights - early.squared_weights
    if np.any(squared_weights < 0):  # whatever the weights, these sums never fall while a histogram is filled
        raise NoPoint("A bin has less than in the lumisection before: its client was restarted, or its contents were scaled")
    entries, stored = late.entries - early.entries, _sums_between(late.stored, early.stored)
    filled = replace(late, weights=weights, squared_weights=squared_weights, entries=entries, stored=stored, maximum=None)
    if late.profile_sums is None or early.profile_sums is None:
        errors = np.sqrt(np.maximum(late.errors**2 - early.errors**2, 0.0))
        return replace(filled, contents=weights, errors=errors)
    if not late.has_mean_errors:
        raise NoPoint("The errors of a profile are not those of the mean, so that a difference has none")
    sums, squares = (after - before for after, before in zip(late.profile_sums, early.profile_sums, strict=True))
    return replace(
        filled,
        contents=np.divide(sums, weights, out=np.zeros(sums.shape), where=weights != 0),
        errors=profile_errors(sums, squares, weights, squared_weights, ERROR_OF_MEAN),
        profile_sums=(sums, squares),
    )


def _is_same_axis(one: BinnedAxis, other: BinnedAxis) -> bool:
    return (one.low, one.high, one.count) == (other.low, other.high, other.count) and np.array_equal(_edges(one), _edges(other))


def _edges(axis: BinnedAxis) -> Cells:
    return np.zeros(0) if axis.edges is None else axis.edges


def _sums_between(late: Sums, early: Sums) -> Sums:
    pairs = zip(late.moments, early.moments, strict=True)
    moments = tuple((after[0] - before[0], after[1] - before[1]) for after, before in pairs)
    return Sums(late.w - early.w, late.w2 - early.w2, moments)
