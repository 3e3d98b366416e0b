"""Files written by ROOT, for all tests of the formats."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder

TREE = Path(__file__).parents[2]


def write_files(module: str, factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of a script, which runs in a process of its own."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", f"tests.formats.{module}", str(folder)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(factory, module, write)


@pytest.fixture(scope="session")
def root_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of `write_root_files.py`."""
    return write_files("write_root_files", tmp_path_factory)


@pytest.fixture(scope="session")
def snapshot_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of `write_snapshots.py`."""
    return write_files("write_snapshots", tmp_path_factory)


@pytest.fixture(scope="session")
def dqmio_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of `write_dqmio_files.py`."""
    return write_files("write_dqmio_files", tmp_path_factory)
