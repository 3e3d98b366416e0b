"""Scales of charts that the server draws."""

from __future__ import annotations

from app.web.charts import linear_scale


def test_a_scale_maps_ends_to_ends_and_a_single_value_to_the_middle() -> None:
    scale = linear_scale(10, 20, 100, 0)
    assert [scale(value) for value in (10, 15, 20)] == [100, 50, 0]
    assert linear_scale(3, 3, 0, 50)(3) == 25
