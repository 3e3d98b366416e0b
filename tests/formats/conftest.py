"""Files that ROOT wrote, for every test of the formats."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what `write_root_files.py` writes."""
    folder = tmp_path_factory.mktemp("root-files")
    command = [sys.executable, "-W", "ignore", "-m", "tests.formats.write_root_files", str(folder)]
    subprocess.run(command, cwd=TREE, check=True, timeout=300, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def snapshot_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what `write_snapshots.py` writes."""
    folder = tmp_path_factory.mktemp("snapshots")
    command = [sys.executable, "-W", "ignore", "-m", "tests.formats.write_snapshots", str(folder)]
    subprocess.run(command, cwd=TREE, check=True, timeout=300, stdin=subprocess.DEVNULL)
    return folder
