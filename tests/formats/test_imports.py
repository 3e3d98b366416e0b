from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]


@pytest.mark.parametrize("format", ["tdirectory", "dqmio", "protobuf"])
def test_readers_load_no_heavy_library(format: str) -> None:
    code = f"import sys, app.formats.readers.{format}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    loaded = set(done.stdout.split())
    assert f"app.formats.readers.{format}" in loaded
    assert not loaded & {"numpy", "uproot", "awkward", "ROOT", "flask", "peewee", "huey", "google.protobuf"}


def test_process_that_reads_a_file_loads_no_settings() -> None:
    code = "import sys, app.gui.catalog.reader; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TREE, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    loaded = set(done.stdout.split())
    assert not loaded & {"app.core.settings", "app.core.database", "dataclasses", "flask", "peewee", "huey"}
