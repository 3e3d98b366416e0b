from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).parents[2]


def test_the_reader_of_files_loads_no_heavy_library() -> None:
    code = "import sys, app.formats.tdirectory; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "app.formats.tdirectory" in loaded
    assert not loaded & {"numpy", "uproot", "awkward", "ROOT", "flask", "peewee", "huey"}
