"""Status and versions of the machines, as the gateway reports them."""

from __future__ import annotations

import threading

import pytest

from app.core.counters import version_of
from app.core.settings import Settings
from app.queue.periodic import PeriodicTask, TaskRun
from app.square.models import Host, HostStatus
from app.square.poller.cluster import cluster_watcher, store_statuses, store_versions
from app.square.upstream import Upstream
from tests.support.faulty_p5 import FaultyP5
from tests.support.p5 import FU, P5

pytestmark = pytest.mark.both_databases


def test_machines_are_up_or_down_since_when(hub: Settings, p5: P5) -> None:
    upstream = Upstream(hub.replace(square_url=p5.address))
    store_statuses("production", upstream)
    store_statuses("production", upstream)
    assert HostStatus.select().count() == 3
    assert all(state.up and state.first < state.last for state in HostStatus.select())
    version = version_of("production")
    p5.incident("host_down", host=FU)
    store_statuses("production", upstream)
    assert version_of("production") == version + 1
    was, is_now = HostStatus.select().where(HostStatus.name == FU).order_by(HostStatus.id)
    assert (was.up, is_now.up, is_now.message) == (True, False, "ConnectionRefusedError(111, 'Connection refused')")
    upstream.close()


def test_untested_version_of_dqm2_is_logged(hub: Settings, faulty: FaultyP5, caplog: pytest.LogCaptureFixture) -> None:
    upstream = Upstream(hub.replace(square_url=faulty.address))
    Host.create(system="production", name=FU, role="fu")
    for version, warned in (("1.10.1-1", False), ("2.0.0-1", True)):
        faulty.commands["get_fff_versions"] = {"production_c2a06": {f"{FU}.cms": f"fff_dqmtools-{version}.noarch"}}
        store_versions("production", upstream)
        assert Host.get(Host.name == FU).software == f"fff_dqmtools-{version}.noarch"
        assert (f"{FU} of production runs fff_dqmtools-2.0.0-1.noarch" in caplog.text) == warned
    upstream.close()


def test_slow_query_for_versions_has_a_longer_timeout(hub: Settings, faulty: FaultyP5) -> None:
    Host.create(system="production", name=FU, role="fu")
    faulty.commands["get_cluster_status"] = {}
    faulty.commands["get_fff_versions"] = {"production_c2a06": {f"{FU}.cms": "fff_dqmtools-1.10.1-1.noarch"}}
    faulty.slow = {"get_fff_versions": 5.0}
    settings = hub.replace(square_url=faulty.address, square_timeout_s=4.0, square_command_timeout_s=60.0)
    run = TaskRun(PeriodicTask("cluster", 30, lambda run: cluster_watcher("production", settings, run)), threading.Event(), 600)
    with cluster_watcher("production", settings, run) as step:
        step()
    assert Host.get(Host.name == FU).software == "fff_dqmtools-1.10.1-1.noarch"


@pytest.mark.parametrize("error", [f"ssh: connect to host {FU}.cms port 22: Connection refused\r\n", "", "bash: rpm: command not found\n"])
def test_an_error_of_ssh_is_no_version_of_a_host(hub: Settings, faulty: FaultyP5, error: str, caplog: pytest.LogCaptureFixture) -> None:
    upstream = Upstream(hub.replace(square_url=faulty.address))
    good = "fff_dqmtools-1.10.1-1.noarch"
    Host.create(system="production", name=FU, role="fu", software=good)
    faulty.commands["get_fff_versions"] = {"production_c2a06": {f"{FU}.cms": error}}
    store_versions("production", upstream)
    assert Host.get(Host.name == FU).software == good
    assert "not tested" not in caplog.text
    upstream.close()
