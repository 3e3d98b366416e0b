"""Whatever a broken monitor element gives as values and errors, an analysis is finite numbers or none, without warnings."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from app.trends.analysis.band import band
from app.trends.analysis.drift import find_drift
from app.trends.analysis.regression import correlation, regression
from app.trends.analysis.statistics import statistics

EXTREMES = np.array([0, 1, -1, 1e308, -1e308, 5e-324, 1e-300, np.nan, np.inf, -np.inf, 2, 3])
ERRORS = np.array([0, 1e-320, 1e-200, 1, 0.1, 1e300, np.nan, -1])


@pytest.mark.parametrize("seed", range(300))
def test_extreme_values_give_finite_numbers_or_none(seed: int) -> None:
    dice = np.random.default_rng(seed)
    count = int(dice.integers(0, 60))
    values = dice.choice(EXTREMES, count) if seed % 2 else dice.normal(size=count) * 10.0 ** dice.integers(-320, 308)
    errors, x = dice.choice(ERRORS, count), dice.choice(EXTREMES, count) if seed % 3 else np.arange(count) + 355_000.0
    drift = find_drift(values)
    found = [statistics(values, errors), regression(x, values), regression(x, values, errors), band(values), band(values, is_robust=True)]
    numbers = [asdict(each) for each in (*found, *drift.steps) if each is not None]
    json.dumps([*numbers, *drift.slopes, correlation(x, values)], allow_nan=False)
