"""The functions behind metrics, compared with those of ROOT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.trends.metrics.comparisons import kolmogorov_tail
from app.trends.metrics.landau import landau


def test_landau_density_equals_that_of_root(expected: dict[str, Any]) -> None:
    x, density = np.array(expected["landau"]).T
    # ROOT's is an approximation with seven digits where the density is above 1e-11.
    assert landau(x) == pytest.approx(density, rel=1e-6, abs=1e-15)


def test_landau_density_has_the_area_1() -> None:
    edges = np.concatenate([np.linspace(-6, 50, 20_001), np.geomspace(50.01, 1e7, 20_001)])
    middles, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    assert float((landau(middles) * widths).sum()) == pytest.approx(1, abs=1e-5)


def test_kolmogorov_probability_equals_that_of_root(expected: dict[str, Any]) -> None:
    for z, probability in expected["kolmogorov"]:
        assert kolmogorov_tail(z) == pytest.approx(probability, rel=1e-12, abs=1e-15), z
