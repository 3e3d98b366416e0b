"""From P5 to the page through real processes while nothing fails; that PostgreSQL stores the same is in test_chain.py."""

from __future__ import annotations

import pytest

from app.core.settings import Settings
from app.square.models import Document
from tests.square.chain import chain, settled

pytestmark = pytest.mark.slow


def test_minutes_of_the_scenario_arrive_whole_and_are_served(hub: Settings) -> None:
    with chain(hub.replace(square_poll_s=0.2), "--speed", "0", "--history", "600", services=("web", "live", "p5")) as running:
        for _ in range(10):
            running.p5.advance(60)
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
