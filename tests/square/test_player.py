"""The playback player is shown with any values that it reports."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.settings import Settings
from app.square import player as player_module
from app.square.documents import rows_of
from app.square.models import Host
from app.square.poller import store
from tests.square.test_pages import words

BU = "dqmrubu-c2a06-03-01"
ReportPlayer = Callable[..., None]


@pytest.fixture
def report_player(hub: Settings, fixtures_dir: Path, monkeypatch: pytest.MonkeyPatch) -> ReportPlayer:
    """A function that stores a report of the player, based on a recorded one, with other values and of this age in s."""
    examples = json.loads((fixtures_dir / "dqmsquare/doc_examples_other.json").read_text())
    example = next(one for name, one in examples.items() if name.startswith("dqm-playback"))
    host = Host.create(system="playback", name=BU, role="bu", last_ok=time.time())

    now, reports = time.time(), itertools.count()
    monkeypatch.setattr(player_module, "time", SimpleNamespace(time=lambda: now))  # ages do not grow on a slow machine

    def report(ago: float = 1, **values: Any) -> None:
        document = example | values
        document["_id"] = f"dqm-playback-{document.get('run')}"
        at = now - ago + 0.001 * next(reports)
        store.save(host, [rows_of("playback", BU, document, 1, at, at)], [], at)

    return report


def job(run: int) -> None:
    host = Host.get(Host.name == BU)
    document = {"_id": f"job-{run}", "type": "dqm-source-state", "run": run, "tag": "beam", "hostname": "fu"}
    store.save(host, [rows_of("playback", "fu", document, 1, time.time(), time.time())], [], time.time())


def player(client: FlaskClient, address: str = "/square?system=playback") -> str:
    """The section of the player as a reader sees it; "" when there is none."""
    page = client.get(address)
    assert page.status_code == 200
    section = page.text.partition('class="player">')[2].partition("</section>")[0]
    return words(f"<main{section}</main>").strip().removeprefix("Playback player ")


def test_report_of_the_original_player_is_shown(report_player: ReportPlayer, client: FlaskClient) -> None:
    report_player()
    text = player(client)
    for part in (
        "stopped Reported 1 s ago Run 500017 no job has reported yet",
        "Lumisection 3 of 3",
        "Run key pp_run",
        "Files of run256936",
        "Time per LS 0.3 s",
        "Skipped 3, 4",
        f"Host {BU}",
        "DQM 3 files DQMHistograms 3 files",
    ):
        assert part in text


def test_each_run_shows_its_own_player_report_and_the_newest_run_the_latest(report_player: ReportPlayer, client: FlaskClient) -> None:
    for run in (500016, 500017):
        job(run)
    report_player(run=500016, state="eor", ago=100)
    report_player(run=500017, state="running", ls=7)
    assert "end of run" in player(client, "/square/runs/500016?system=playback")
    assert "playing" in player(client)
    report_player(run=500018, state="running", ls=None)
    assert "Run 500018 no job has reported yet Lumisection – of 3" in player(client)
    assert "500018" not in player(client, "/square/runs/500016?system=playback")
    assert player(client, "/square") == "", "production has none"


def test_playing_player_without_reports_is_silent(report_player: ReportPlayer, client: FlaskClient) -> None:
    report_player(state="running", config={"lumi_timeout": 23.4}, ago=110)
    assert player(client).startswith("playing")
    report_player(state="running", config={"lumi_timeout": 23.4}, ago=125)
    assert player(client).startswith("silent")
    report_player(state="error", ago=125)
    assert player(client).startswith("error")


@pytest.mark.parametrize(
    "values",
    [
        {"state": None, "config": None, "extra": None, "ls": "x", "run": 500017},
        {"state": ["running"], "config": [], "extra": {"streams_found": [1]}, "run": 500017},
        {"state": "<script>hurt()</script>", "config": {"source": "/x/<b>", "lumi_timeout": -1, "lumi_to_skip": [1, "<i>", {}]}},
        {
            "config": {"number_of_ls": 1e300, "lumi_timeout": 1e308, "source": "\ud800"},
            "extra": {"streams_found": {"\ud800": None, "": {}}},
        },
    ],
)
@pytest.mark.both_databases
def test_player_may_report_anything(report_player: ReportPlayer, client: FlaskClient, values: dict[str, Any]) -> None:
    report_player(**values)
    assert "Reported 1 s ago" in player(client)
    assert "<script>hurt" not in client.get("/square?system=playback").text
    assert client.get("/api/v1/square/player?system=playback").status_code == 200


@pytest.mark.both_databases
def test_the_api_returns_the_report_of_the_player(report_player: ReportPlayer, client: FlaskClient) -> None:
    assert client.get("/api/v1/square/player?system=playback").status_code == 404
    report_player(ago=5)
    answer = client.get("/api/v1/square/player?system=playback")
    found = answer.get_json()
    assert time.time() - found.pop("at") == pytest.approx(5, abs=60)
    assert found == {
        "system": "playback",
        "host": BU,
        "run": 500017,
        "state": "stopped",
        "lumi": 3,
        "lumis": 3,
        "runkey": "pp_run",
        "lumi_s": 0.3,
        "source": "/tmp/vmirror/p5/playback_files/run256936/",
        "skipped": [3, 4],
        "streams": [{"name": "DQM", "files": 3}, {"name": "DQMHistograms", "files": 3}],
    }
    same = client.get("/api/v1/square/player?system=playback", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304
    assert client.get("/api/v1/square/player?system=playback&run=500017").get_json()["run"] == 500017
    assert client.get("/api/v1/square/player?system=playback&run=5").status_code == 404
