"""The check of the services that should run together."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from app.core.heartbeat import Heartbeat, Service
from app.core.settings import Settings
from app.queue.periodic import PeriodicTaskState
from tests.ops.doctor.findings import found, wrong
from tests.support import gui

NO_PROCESS = 1 << 30
"""No process has so high a number."""


@pytest.mark.both_databases
def test_services_that_fell_silent_while_the_web_server_runs_are_named(hub: Settings) -> None:
    assert [finding.text for finding in found(hub, "services")] == ["no service of the hub runs"]
    Heartbeat("web", hub).write()
    Heartbeat("live", hub).write()
    Service.update(seen=time.time() - 600).where(Service.name == "live").execute()
    live, worker, render = wrong(hub, "services")
    assert live[0] == "error"
    assert re.fullmatch(r"dqmhub live is down: silent, last heartbeat 6\d\d s ago", live[1])
    assert worker == ("error", "dqmhub worker is down: never seen")
    assert render[1].startswith("dqmhub render is down, so no plots are drawn: ")
    Service.update(process=NO_PROCESS).where(Service.name == "web").execute()
    assert [finding.text for finding in found(hub, "services")] == ["no service of the hub runs"], "all were stopped just now"
    Service.update(host="elsewhere").where(Service.name == "web").execute()
    names = [text.partition(":")[0] for _, text in wrong(hub, "services")]
    assert names == ["dqmhub live is down", "dqmhub worker is down"], "a render service is needed beside a web server only"


def test_late_periodic_tasks_are_named_once_their_service_runs_for_a_minute(hub: Settings, tmp_path: Path) -> None:
    with gui.render_service(tmp_path / "r") as folder:
        (hub.data / "render").symlink_to(folder)
        for name in ("web", "live", "worker"):
            Heartbeat(name, hub).write()
        now = time.time()
        PeriodicTaskState.create(name="poll", period_s=5, last_ok=now - 1000)
        PeriodicTaskState.create(name="sweep", period_s=3600, last_ok=now - 1000)
        assert [finding.text for finding in found(hub, "services")] == ["all services of the hub run"]
        Service.update(started=now - 100).where(Service.name == "live").execute()
        ((level, text),) = wrong(hub, "services")
    assert level == "error"
    assert re.match(r"The periodic task poll is late: every 5 s, last success 1\d\d\d s", text), text
