"""What docs/operators/mirror.md says of a mirror without RPM: its commands make what the unit starts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from app.core.settings import TREE

PAGE = (TREE / "docs/operators/mirror.md").read_text(encoding="utf-8")
UNIT = (TREE / "services/systemd/dqmhub-mirror.service").read_text(encoding="utf-8")
SKIPPED = ("python3.11 -m venv", "/opt/dqmhub-mirror/venv/bin/pip", "systemctl")
"""Commands that need a network or a systemd."""


def test_a_mirror_without_rpm_has_the_program_of_the_unit_and_its_configuration(tmp_path: Path) -> None:
    commands = [line for line in re.findall(r"```\n(python3.*?)```", PAGE, re.DOTALL)[0].splitlines() if not line.startswith(SKIPPED)]
    python = tmp_path / "opt/dqmhub-mirror/venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for folder in ("usr/bin", "etc/systemd/system"):
        (tmp_path / folder).mkdir(parents=True)
    script = re.sub(r"(?<![\w.])/(?=opt|usr|etc)", f"{tmp_path}/", "\n".join(commands))
    subprocess.run(["sh", "-ec", script], cwd=TREE, check=True)
    assert (tmp_path / "etc/systemd/system/dqmhub-mirror.service").read_text() == UNIT
    (program, configuration) = re.findall(r"^ExecStart=(\S+) --config (\S+)", UNIT, re.MULTILINE)[0]
    assert f"```toml\n# {configuration}\n" in PAGE
    done = subprocess.run([f"{tmp_path}{program}", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "--config" in done.stdout
