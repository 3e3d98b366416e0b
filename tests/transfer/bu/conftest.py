"""Files of clients that ROOT wrote."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder

TREE = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def client_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of `write_client_files.py`."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.transfer.bu.write_client_files", str(folder)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(tmp_path_factory, "client_files", write)
