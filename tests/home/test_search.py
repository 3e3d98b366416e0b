"""The search of the home page: whole runs, or by lumisection."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.gui.files.entries import Entry
from app.gui.files.register import register
from app.gui.models import File
from app.home.views import MAX_SAMPLES

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


def test_the_live_run_is_first_and_runs_have_the_date_of_their_newest_file(client: FlaskClient) -> None:
    register([Entry(f"/A/{name}/C", run, 0, f"/data/{run}-{name}.root", "dqmio") for run in (0, 20, 21) for name in "BD"])
    for url, at in (("/data/20-B.root", 1666000000.0), ("/data/20-D.root", 1666003600.0)):
        File.update(registered=at).where(File.url == url).execute()
    page = read(client, "/")
    assert re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page) == ["Live", "21", "20"]
    assert re.findall(r'class="when">([^<]*)<', page)[2] == "2022-10-17 12:46 CEST"


def test_the_live_run_is_first_however_many_runs_there_are(client: FlaskClient) -> None:
    register([Entry("/A/B/C", run, 0, f"/data/{run}.root", "dqmio") for run in (0, *range(1000, 1000 + MAX_SAMPLES + 5))])
    for query in ("", "?run=0", "?dataset=a"):
        assert re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', read(client, f"/{query}"))[0] == "Live"
    assert "Live</a>" not in read(client, "/?run=1001")
    assert "Live</a>" not in read(client, "/?dataset=other")


def test_a_run_of_lumisections_alone_has_a_date(client: FlaskClient) -> None:
    register([Entry("/A/B/C", 20, lumi, f"/data/20-{lumi}.root", "dqmio") for lumi in (3, 4)])
    assert re.findall(r'class="when">([0-9-]{10} [0-9:]{5} CES?T)<', read(client, "/?lumis=1"))
    assert re.findall(r'class="when">([0-9-]{10} [0-9:]{5} CES?T)<', read(client, "/"))
