"""The run of a job on its page: links, plots of the samples of this hub, and points of trends."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.diary.models import DiaryJob
from app.diary.observations.store import store
from tests.conftest import Browser
from tests.diary.observations import NOW, seen
from tests.diary.test_pages import text, words
from tests.support import gui
from tests.support.processes import until
from tests.support.uproot_mes import read_mes
from tests.trends.query.points_of_tests import DATASET, TrendStore

COSMICS = "/Cosmics/Run2023C-Demo-v1/DQMIO"


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return gui.demo_files(tmp_path_factory)


def client_of(settings: Settings) -> FlaskClient:
    app: Flask = create_app(settings)
    app.test_client_class = Browser
    return app.test_client()


def add_job(**labels: str) -> int:
    store("s", [seen(NOW, "done", labels=labels)], NOW)
    number: int = DiaryJob.get().id
    return number


@pytest.mark.slow
def test_the_plots_of_the_run_are_those_that_the_search_finds_in_its_samples(hub: Settings, demo_files: list[Path]) -> None:
    gui.register_all(demo_files)
    client = client_of(hub.replace(file_roots=(str(demo_files[0].parent),)))
    number = add_job(run="367140", dataset=COSMICS)
    assert f'hx-get="/diary/jobs/{number}/run" hx-trigger="revealed"' in client.get(f"/diary/jobs/{number}").text
    until(lambda: 'class="plotname"' in client.get(f"/diary/jobs/{number}/run").text, "the list of the sample")
    html = client.get(f"/diary/jobs/{number}/run", headers={"HX-Request": "true"}).text
    (file,) = [path for path in demo_files if "367140__Cosmics" in path.name]
    expected = [me.path for me in read_mes(file) if "reportSummaryMap" in me.path][:8]
    shown = re.findall(r'<bdi class="plotname">(.*?)</bdi>', html)
    assert [words(name) for name in shown] == expected
    addresses = [unescape(found) for found in re.findall(r'<a href="(/browse/[^"]*plot=[^"]*)"', html)]
    assert len(addresses) == len(expected) > 0
    assert client.get(addresses[0]).status_code == 200
    assert f"Plots of {COSMICS}" in words(html)
    assert "<html" not in html
    assert "<html" in client.get(f"/diary/jobs/{number}/run").text


def test_the_points_of_the_run_lead_to_their_pages(hub: Settings) -> None:
    trends = TrendStore(hub)
    trends.configure("Pixel", Charge="basic.Mean() Pixel/charge", Size="basic.Mean() Pixel/size")
    trends.add(355003, {"Charge": (19992.594328, 29.788711), "Size": "The histogram is empty"})
    trends.add(355004, {"Charge": (7.0, 1.0)})
    client, number = client_of(hub), add_job(run="355003")
    found = text(client, f"/diary/jobs/{number}/run")
    assert "Pixel: Charge StreamExpress Express 19,993 ± 30 –" in found
    assert "Pixel: Size StreamExpress Express – The histogram is empty" in found
    assert "7.0" not in found
    html = client.get(f"/diary/jobs/{number}/run").text
    addresses = [unescape(found) for found in re.findall(r'href="(/trends/point[^"]*)"', html)]
    assert [client.get(address).status_code for address in addresses] == [200, 200]
    store("s", [seen(NOW + 1, "done", labels={"dataset": "/Other/Run2022C-Express-v1/DQMIO"})], NOW + 1)
    assert "Trend points" not in text(client, f"/diary/jobs/{number}/run")
    store("s", [seen(NOW + 2, "done", labels={"dataset": DATASET})], NOW + 2)
    assert "Trend points" in text(client, f"/diary/jobs/{number}/run")


def test_a_job_without_a_run_that_the_hub_knows_says_so(client: FlaskClient) -> None:
    number = add_job()
    assert "The job has no label with the number of a run" in text(client, f"/diary/jobs/{number}/run")
    for later, run in enumerate(["0", "-5", "x", "9" * 30, "4999999999", "2147483647"], 1):
        store("s", [seen(NOW + later, labels={"run": run})], NOW + later)
        assert re.search(r"This hub has nothing of run 2147483647|The job has no label", text(client, f"/diary/jobs/{number}/run"))
        assert text(client, f"/diary/jobs/{number}")
