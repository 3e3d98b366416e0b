"""`dqmhub trends groups import` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

from app.core.settings import Settings
from tests.support.cli import dqmhub, run_command
from tests.support.processes import environment

GROUP = {"name": "a", "plot_title": "A", "y_title": "y", "subsystem": "DT", "correlation": False, "series": ["x", "y"]}


def test_groups_go_from_a_file_to_a_file(hub: Settings, tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    file.write_text(json.dumps([GROUP, GROUP | {"name": "b", "subsystem": "CSC"}]))
    assert dqmhub(hub, "trends", "groups", "import", str(file)).stdout == "2 groups added, 0 changed, 0 unchanged\n"
    assert json.loads(dqmhub(hub, "trends", "groups", "export").stdout) == json.loads(file.read_text())
    assert json.loads(dqmhub(hub, "trends", "groups", "export", "--subsystem", "DT").stdout) == [GROUP]


def test_each_problem_of_a_file_is_a_line_and_nothing_is_stored(hub: Settings, tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    file.write_text(json.dumps([GROUP, {"name": "b"}, 7]))
    failed = run_command(environment(hub), "trends", "groups", "import", str(file))
    assert failed.returncode == 1
    assert "No group was stored" in failed.stderr
    assert "Group 2 (b): subsystem: is missing" in failed.stderr.splitlines()
    file.write_bytes(b"\xff\xfe[")
    assert "cannot be read" in run_command(environment(hub), "trends", "groups", "import", str(file)).stderr
    assert json.loads(dqmhub(hub, "trends", "groups", "export").stdout) == []
