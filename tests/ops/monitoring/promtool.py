"""Prometheus' own checker of rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from app.core.settings import TREE
from tests.support.servers import Missing

ALERTS = TREE / "services" / "monitoring" / "alerts.yml"
DASHBOARD = TREE / "services" / "monitoring" / "dashboard.json"


def promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run promtool in a folder; it prints what is wrong on either output."""
    program = shutil.which("promtool")
    if program is None:
        raise Missing("promtool", "prometheus")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def write(path: Path, content: Any) -> str:
    """Write a file for promtool, which reads JSON as YAML; its name."""
    path.write_text(json.dumps(content))
    return path.name
