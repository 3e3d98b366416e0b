"""Pages make no query twice, and fragments make none for what they do not show."""

from __future__ import annotations

from collections import Counter

import pytest
from flask.testing import FlaskClient

from tests.gui.pages.pages import HTMX, ZERO_BIAS, read
from tests.support.queries import queries

FOLDER = f"/browse/367129{ZERO_BIAS}/EcalBarrel/EBTimingTask"
PLOT = f"{FOLDER}?plot=EcalBarrel/EBTimingTask/EBTMT%20timing%20EB%2B02"


def of_samples(client: FlaskClient, address: str, **headers: str) -> list[str]:
    return [query for query in queries(lambda: read(client, address, **headers)) if '"sample"' in query]


@pytest.mark.parametrize(
    "address", [FOLDER, PLOT, f"{FOLDER}?failing=1", f"{FOLDER}?slide=5", f"{FOLDER}?q=timing", f"{FOLDER}?show=marked"]
)
def test_no_query_is_made_twice_for_a_page(client: FlaskClient, address: str) -> None:
    read(client, address)
    made = of_samples(client, address)
    assert made
    assert [query for query, count in Counter(made).items() if count > 1] == []


@pytest.mark.parametrize("address", [f"{FOLDER}?from=10", f"{FOLDER}?q=timing&from=10", f"{FOLDER}?failing=1", f"{FOLDER}?failing=1&q=t"])
def test_more_rows_and_lists_of_failing_tests_take_the_query_of_their_sample_alone(client: FlaskClient, address: str) -> None:
    read(client, address)
    assert len(of_samples(client, address, **HTMX)) == 1


def test_the_matches_of_a_typed_search_take_no_query_for_the_frame_of_the_page(client: FlaskClient) -> None:
    read(client, FOLDER)
    frame = [query for query in of_samples(client, f"{FOLDER}?q=timing") if query not in of_samples(client, f"{FOLDER}?q=timing", **HTMX)]
    assert len(frame) == 2, "those for its lumisections"
