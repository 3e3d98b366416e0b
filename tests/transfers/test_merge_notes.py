"""What is noteworthy of a merge that was accepted is no error."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.transfers.products import merges
from tests.transfers.samples import NOW, RUN, bu_state, merge_record, receive, report
from tests.transfers.test_pages import PAGE, rows_of

pytestmark = pytest.mark.both_databases


def test_clients_without_root_file_and_saturated_histograms_are_lists_of_their_merge(hub: Settings, client: FlaskClient) -> None:
    missing = [{"host": "fu-1", "client": "BRIL", "name": f"run{RUN}_BRIL_DQMLive__fu-1.pb"}]
    record = merge_record(1, missing=missing, saturated=2, saturated_names=["DQM/full", "DQM/other"])
    receive(hub, report(record, mode="bu", state=bu_state("merged")), NOW)
    (found,) = merges(RUN)
    assert (found.error, found.missing, found.saturated, found.saturated_names) == ("", missing, 2, ["DQM/full", "DQM/other"])
    (row,) = rows_of(client, PAGE, "merges")
    assert "without a ROOT file: BRIL on fu-1" in row
    assert "in 2 histograms, such as DQM/full" in row
    (answer,) = client.get(f"/api/v1/transfers/{RUN}").get_json()["merges"]
    assert (answer["missing"], answer["saturated"]) == (missing, 2)
