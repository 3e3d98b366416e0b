"""The search of the home page: whole runs, or by lumisection."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from app.gui.files.entries import Entry
from app.gui.files.register import register

pytestmark = pytest.mark.both_databases


def read(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def test_by_lumisection_a_run_says_which_it_has_and_leads_to_the_first_that_matches(client: FlaskClient) -> None:
    register([Entry("/A/B/C", 20, lumi, f"/data/20-{lumi}.root", "dqmio") for lumi in (0, 1, 2, 12, 120)])
    register([Entry("/A/B/C", 21, 0, "/data/21.root", "dqmio")])
    page = read(client, "/?lumis=1")
    assert "4 lumisections, 1 to 120" in page
    assert "/browse/20:1/A/B/C" in page
    assert "/browse/21/" not in page
    assert "2 lumisections, 12 to 120" in read(client, "/?lumis=1&lumi=12")
    assert "No lumisections found" in read(client, "/?lumis=1&lumi=7")


def test_without_the_switch_only_whole_runs_are_searched(client: FlaskClient) -> None:
    register([Entry("/A/B/C", 20, lumi, f"/data/20-{lumi}.root", "dqmio") for lumi in (0, 1)])
    page = read(client, "/?run=20&lumi=1")
    assert "/browse/20/A/B/C" in page
    assert "/browse/20:1/" not in page


def test_the_live_run_is_one_step_away(client: FlaskClient) -> None:
    assert "Live run" not in read(client, "/")
    register([Entry("/Global/Online/ALL", 0, 0, "/data/live.pb", "protobuf")])
    assert '<a class="button" href="/browse/0/Global/Online/ALL">Live run</a>' in read(client, "/")
