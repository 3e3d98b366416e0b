"""A run with files of lumisections, and one with snapshots that grow; the rest is as for requested trends."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.files import store_entries
from app.core.settings import TREE
from app.gui.files.entries import Entry
from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder
from tests.trends.conftest import Site
from tests.trends.custom.conftest import compute, signed_in  # noqa: F401  fixtures
from tests.trends.lumis.write_snapshots import LUMIS, RUN

EACH, SUM = "/Lumis/Run2022C-Each-v1/DQMIO", "/Lumis/Run2022C-Sum-v1/DQMIO"


@pytest.fixture(scope="session")
def lumi_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of write_snapshots.py."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.trends.lumis.write_snapshots", str(folder)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(tmp_path_factory, "lumi-files", write)


@pytest.fixture
def lumis(site: Site, lumi_files: Path) -> Site:
    """The instance with the files of both kinds registered, each as one lumisection."""
    for name, dataset in (("each", EACH), ("sum", SUM)):
        for lumi in LUMIS:
            path = shutil.copy(lumi_files / f"{name}-{lumi}.pb", site.folder)
            store_entries([Entry(dataset, RUN, lumi, str(path), "protobuf")])
    return site
