"""The hosts of the tests are hosts: what runs on one is not seen on another, and a killed one has nothing left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.processes import until
from tests.transfer.site.conftest import NEXT_RUN, RUN
from tests.transfer.site.hosts import Host
from tests.transfer.site.online_site import online_site

pytestmark = pytest.mark.slow

LIST = "import json, sys; from services.transfer.processes import client_processes as c; print(json.dumps(c(int(sys.argv[1]))))"


def clients_seen(host: Host, run: int) -> list[list[object]]:
    """The client processes that the transfer finds on a host."""
    return json.loads(host.run(sys.executable, "-c", LIST, str(run)).stdout)


def test_a_host_sees_the_clients_of_its_own_and_copies_to_others_by_ssh(tmp_path: Path, sqlite_template: Path, client_files: Path) -> None:
    with online_site(tmp_path, sqlite_template, client_files, None, "fu1", "fu2", "bu") as site:
        fu1, fu2 = site.fus
        ours, other = site.client("SiStrip", RUN, fu1), site.client("Ecal", NEXT_RUN, fu2)
        until(lambda: clients_seen(fu1, RUN), "the client")
        assert clients_seen(fu1, RUN) == [[ours.process.own_pid(), RUN, "sistrip_dqm_sourceclient-live_cfg.py", False, "/fff/ramdisk"]]
        assert [clients_seen(fu1, NEXT_RUN), clients_seen(fu2, RUN)] == [[], []]
        assert [client[0] for client in clients_seen(fu2, NEXT_RUN)] == [other.process.own_pid()]
        assert fu1.run("ssh", "-o", "BatchMode=yes", "root@bu", "hostname").stdout == b"bu\n"
        fu1.kill()
        until(lambda: ours.process.has_ended(), "the end of its processes")
        fu1.boot()
        assert clients_seen(fu1, RUN) == []
