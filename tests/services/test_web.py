"""The web server as a process."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

from app.settings import TREE, Settings
from tests.support.processes import PATIENCE_S, environment
from tests.support.site import address, site

DQMHUB = Path(sys.executable).with_name("dqmhub")


def counted(settings: Settings) -> bool:
    with urllib.request.urlopen(f"{address(settings)}/metrics", timeout=PATIENCE_S) as answer:
        return b"dqmhub_requests_total{" in answer.read()


def test_a_second_server_that_finds_the_port_taken_leaves_the_counters_of_the_first(settings: Settings, sqlite_template: Path) -> None:
    with site(settings, sqlite_template, []) as running:
        assert counted(running)
        second = subprocess.run([DQMHUB, "web"], cwd=TREE, env=environment(running), capture_output=True, timeout=PATIENCE_S, check=False)
        assert second.returncode == 1
        assert b"in use" in second.stderr
        assert counted(running)
