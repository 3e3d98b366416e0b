"""From P5 to the page through real processes: everything arrives once, as it is, whatever is killed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.settings import Settings
from app.square.models import Document
from tests.square.chain import SERVICES, chain, settled, storm


def test_minutes_of_the_scenario_arrive_whole_and_are_served(hub: Settings) -> None:
    with chain(replace(hub, square_grab_s=0.2), "--speed", "0", "--history", "600", services=("web", "live", "p5")) as running:
        for _ in range(20):
            running.p5.advance(30)
        assert settled(running) == []
        assert Document.select().count() > 100
        for system, playing in running.p5.status()["systems"].items():
            runs = running.json(f"/api/v1/square/runs?system={system}")["runs"]
            assert {run["run"] for run in runs} == set(playing["runs"])
            page = running.json(f"/api/v1/square/runs/0?system={system}")
            alive = {
                job["key"]
                for run in runs
                for job in running.json(f"/api/v1/square/runs/{run['run']}?system={system}")["list"]
                if job["exit_code"] is None
            }
            assert alive == {job["id"] for job in playing["jobs"]}
            assert page["run"] == max(playing["runs"])


def test_processes_that_are_killed_at_any_instant_lose_and_double_nothing(hub: Settings, tmp_path: Path) -> None:
    options = ("--speed", "60", "--history", "300", "--state", str(tmp_path / "p5.db"))
    with chain(replace(hub, square_grab_s=0.2), *options) as running:
        hits = storm(running, 12, seed=5, lost=0)
        assert set(hits) == {*SERVICES}
        assert settled(running) == []
        assert running.json("/api/v1/square/runs")["runs"]
