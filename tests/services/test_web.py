"""The web server as a process."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from tests.support.patience import PATIENCE_S
from tests.support.processes import environment
from tests.support.site import address, site

pytestmark = pytest.mark.slow

DQMHUB = Path(sys.executable).with_name("dqmhub")


def counted(settings: Settings) -> bool:
    with urllib.request.urlopen(f"{address(settings)}/metrics", timeout=PATIENCE_S) as answer:
        return b"dqmhub_requests_total{" in answer.read()


def test_a_second_server_on_the_port_leaves_the_counters_alone(settings: Settings, sqlite_template: Path) -> None:
    with site(settings, sqlite_template, []) as running:
        assert counted(running)
        second = subprocess.run([DQMHUB, "web"], cwd=TREE, env=environment(running), capture_output=True, timeout=PATIENCE_S, check=False)
        assert second.returncode == 1
        assert b"in use" in second.stderr
        assert counted(running)


def test_an_address_may_name_ten_monitor_elements_with_long_paths(settings: Settings, sqlite_template: Path) -> None:
    objects = "&".join(f"obj=archive/1/A/B/C/{'folder/' * 100}{number}" for number in range(10))
    with site(settings, sqlite_template, []) as running:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address(running)}/api/v1/json_overlay?{objects}", timeout=PATIENCE_S)
        assert refused.value.code == 404
        assert b"There is no monitor element folder/folder" in refused.value.read()
