"""Gauges in the text format of Prometheus, with labels and values as bad as they come."""

from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.core.metrics import family_text, gauge

HOSTILE = ['a"b', "a\\b", "a\nb", "\\n", '"} 7\ndqmhub_other 1', "", " ", "é\u2028", "{}=,", "#"]


def samples_of(text: bytes) -> list[tuple[dict[str, str], float]]:
    return [(sample.labels, sample.value) for family in text_string_to_metric_families(text.decode()) for sample in family.samples]


@pytest.mark.parametrize("value", HOSTILE)
def test_any_label_value_is_read_back_and_adds_no_line(value: str) -> None:
    text = family_text([gauge("dqmhub_x", "Help\nwith a line end", [({"name": value}, 1)])])
    assert text.count(b"\n") == 3
    assert samples_of(text) == [({"name": value}, 1.0)]


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (None, "None"), (True, "True"), ("\udc80", "?")])
def test_a_label_that_is_no_text_is_made_one(value: object, text: str) -> None:
    assert samples_of(family_text([gauge("dqmhub_x", "Help", [({"name": value}, 1)])])) == [({"name": text}, 1.0)]


def test_labels_in_another_order_keep_their_values() -> None:
    text = family_text([gauge("dqmhub_x", "Help", [({"host": "a", "state": "up"}, 1), ({"state": "down", "host": "b"}, 0)])])
    assert samples_of(text) == [({"host": "a", "state": "up"}, 1.0), ({"host": "b", "state": "down"}, 0.0)]


@pytest.mark.parametrize("labels", [{"state": "up"}, {}, {"host": "b", "state": "up"}])
def test_samples_with_other_labels_are_an_error(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="The samples of dqmhub_x have the labels host and"):
        gauge("dqmhub_x", "Help", [({"host": "a"}, 1), (labels, 2)])


def test_not_a_number_and_infinity_are_values() -> None:
    text = family_text([gauge("dqmhub_x", "Help", [({"n": "nan"}, math.nan), ({"n": "inf"}, -math.inf)])])
    assert text.endswith(b'dqmhub_x{n="nan"} NaN\ndqmhub_x{n="inf"} -Inf\n')
