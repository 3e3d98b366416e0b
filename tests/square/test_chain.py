"""From P5 to the page through real processes: everything arrives exactly once, also when processes are killed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.square.models import Document, Host
from app.square.poller.host_poller import HostPoller
from tests.square.chain import SERVICES, chain, settled, storm
from tests.support import storms
from tests.support.p5 import FU, Simulators

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]


@pytest.mark.storm
def test_no_document_is_lost_or_doubled_when_processes_are_killed(hub: Settings, tmp_path: Path) -> None:
    options = ("--speed", "60", "--history", "300", "--state", str(tmp_path / "p5.db"))
    with chain(hub.replace(square_poll_s=0.2), *options) as running:
        hits = storm(running, storms.TIMES, seed=storms.SEED + 5, lost=0.5)
        assert set(hits) == {*SERVICES, "p5 lost all"}
        assert settled(running) == []
        assert running.json("/api/v1/square/runs")["runs"]


def test_revision_reset_is_detected_after_an_outage(hub: Settings, simulators: Simulators) -> None:
    def some(*numbers: int) -> list[dict[str, Any]]:
        return [{"_id": f"job-{number}", "type": "dqm-stats", "hostname": FU, "timestamp": time.time()} for number in numbers]

    with simulators.run("--quiet-start", "--speed", "0") as p5:
        one = HostPoller("production", FU, hub.replace(square_url=p5.address))
        p5.incident("upload", host=FU, documents=some(1, 2, 3))
        assert one.poll(lambda: False)
        p5.incident("reset_revisions", host=FU)
        p5.incident("upload", host=FU, documents=some(1, 4, 5, 3))
        Host.update(last_ok=time.time() - 60).execute()
        assert one.poll(lambda: False)
        assert {document.key: document.rev for document in Document.select()} == {
            "job-2": 0,
            "job-1": 1,
            "job-4": 2,
            "job-5": 3,
            "job-3": 4,
        }, "0: P5 has it no more"
        Host.update(last_ok=time.time() - 60).execute()
        requests = len(p5.record()["requests"])
        assert one.poll(lambda: False)
        assert len(p5.record()["requests"]) == requests + 2, (
            "one request for changes and one for probed documents: documents deleted later are not another reset"
        )


@pytest.mark.parametrize("gap_s", [0.0, 1000.0])
def test_documents_that_p5_creates_again_at_the_same_revisions_are_fetched_again(
    hub: Settings, gap_s: float, simulators: Simulators
) -> None:
    def created(at: float) -> list[dict[str, Any]]:
        return [{"_id": f"job-{number}", "type": "dqm-stats", "hostname": FU, "timestamp": at + number} for number in (1, 2, 3)]

    with simulators.run("--quiet-start", "--speed", "0") as p5:
        poller = HostPoller("production", FU, hub.replace(square_url=p5.address))
        p5.incident("upload", host=FU, documents=created(1e9))
        assert poller.poll(lambda: False)
        p5.incident("reset_revisions", host=FU)
        p5.incident("upload", host=FU, documents=created(2e9))
        Host.update(last_ok=Host.last_ok - gap_s).execute()
        assert poller.poll(lambda: False)
        assert {row.key: row.timestamp for row in Document.select()} == {f"job-{number}": 2e9 + number for number in (1, 2, 3)}
