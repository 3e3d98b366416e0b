"""The timeline shows runs by client, and crashes."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square.models import Job, Run
from app.square.runs import short_count
from tests.square import data

pytestmark = pytest.mark.both_databases


def listed(html: str) -> list[int]:
    return [int(run) for run in re.findall(r'<th scope="row"><a class="stop"[^>]*>(\d+)<', html)]


def test_runs_are_listed_from_the_newest_with_every_client(filled: Settings, client: FlaskClient) -> None:
    html = client.get("/square/timeline").text
    assert listed(html) == [358792, 358791, 358788]
    assert len(re.findall(r'<th scope="col"><bdi>', html)) == 31
    assert html.count('class="cell-running"') == 31
    assert html.count('class="cell-finished"') == 62
    assert "Runs 358788–358792" in html


def test_cell_lists_its_jobs_and_links_to_the_most_urgent(filled: Settings, client: FlaskClient) -> None:
    job = Job.get(Job.run == 358788, Job.tag.startswith("csc_"))
    data.change(job.key, exit_code=-11)
    html = client.get("/square/timeline").text
    assert html.count('class="cell-crashed"') == 1
    assert "fu-c2f11-11-04: crashed -11 SIGSEGV, LS 99, 1.2K events" in unescape(html)
    assert f"key={job.key}" in html


def test_filters_choose_runs_and_clients(filled: Settings, client: FlaskClient) -> None:
    data.change(Job.get(Job.run == 358788, Job.tag.startswith("csc_")).key, exit_code=65)
    assert listed(client.get("/square/timeline?bad=1").text) == [358792, 358788]
    assert listed(client.get("/square/timeline?from=358789&to=358791").text) == [358791]
    html = client.get("/square/timeline?client=ecal&seen=1").text
    assert re.findall(r'<th scope="col"><bdi>([^<]*)', html) == ["ecal", "ecalcalib", "ecalgpu"]
    assert "No matching runs" in client.get("/square/timeline?client=%25").text


def test_many_runs_are_split_into_pages(filled: Settings, client: FlaskClient) -> None:
    Run.insert_many([{"system": "production", "run": run, "first": 0.0, "last": 0.0, "version": 1} for run in range(1000, 1100)]).execute()
    address, seen = "/square/timeline", []
    while address:
        html = client.get(address).text
        seen += listed(html)
        found = re.search(r'class="button quiet" href="([^"]*)"', html.partition("<footer")[0].partition('id="timeline"')[2])
        address = unescape(found[1]) if found else ""
    assert seen == [358792, 358791, 358788, *range(1099, 999, -1)]


def test_an_invalid_run_number_is_refused(client: FlaskClient) -> None:
    assert client.get("/square/timeline?from=x").status_code == 400
    assert client.get("/square/timeline?before=-1").status_code == 400


def test_numbers_of_events_are_short() -> None:
    assert [short_count(events) for events in (None, 0, 999, 1165, 18860, 601304, 2_500_000, 3 * 10**10)] == [
        "–",
        "0",
        "999",
        "1.2K",
        "19K",
        "601K",
        "2.5M",
        "30B",
    ]
