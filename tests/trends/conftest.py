"""Configurations, files of runs, and histograms with the values that ROOT computes, for the tests of trends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import TREE, Settings
from app.formats import payload, scan
from app.trends.configs.folder import load_configs
from app.trends.export import exported_points
from app.trends.histogram import Histogram
from app.trends.reading import read_histogram
from app.trends.settings import config_folder
from app.trends.versions import sync
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S
from tests.support.shared import shared_folder


@pytest.fixture(scope="session")
def real_configs(fixtures_dir: Path) -> Path:
    """The folder with the configurations of the original."""
    return fixtures_dir / "hdqm" / "cfg"


FILES = {
    "DQM_V0001_R000355555__ZeroBias__Run2022C-Express-v1__DQMIO.root": (355555, 100),
    "DQM_V0002_R000355555__ZeroBias__Run2022C-Express-v1__DQMIO.root": (355555, 200),
    "DQM_V0001_R000355556__ZeroBias__Run2022C-Express-v1__DQMIO.root": (355556, 300),
    "DQM_V0001_R000355557__ZeroBias__Run2022D-Express-v2__DQMIO.root": (355557, 400),
}
"""Files of write_runs.py by name: run, and content of bin 2 of DT/n."""
FURTHER = {run: 100 + run % 3 for run in range(355_001, 355_021)} | {355_021: 150, 355_022: 151, 355_023: 149, 355_024: 101}
"""The same by run for more runs of that dataset, whose values make a step at the run 355021, and one back at the last."""


def file_of(run: int) -> str:
    """The name of the file of a run of `FURTHER`."""
    return f"DQM_V0001_R{run:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root"


@pytest.fixture(scope="session")
def run_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `FILES` and the files of `FURTHER`."""

    def write(folder: Path) -> None:
        files = FILES | {file_of(run): (run, value) for run, value in FURTHER.items()}
        arguments = [str(part) for name, values in files.items() for part in (folder / name, *values)]
        command = [sys.executable, "-W", "ignore", "-m", "tests.trends.write_runs", *arguments]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(tmp_path_factory, "trend-runs", write)


class Site:
    """An instance with trends: its configurations and files are changed by tests."""

    def __init__(self, settings: Settings, files: Path) -> None:
        self.settings = settings
        self.files = files
        self.folder = settings.data / "demo"
        self.folder.mkdir(parents=True)

    def configure(self, **metrics: str) -> None:
        """Configure a trend `name="metric path"` for each argument, and no others; a file `DT/a.ini` has them all."""
        folder = self.settings.data / "trends" / "DT"
        folder.mkdir(parents=True, exist_ok=True)
        sections = (
            f"[plot:{name}]\nmetric = {text.split()[0]}\nrelativePath = {text.split()[1]}\nyTitle = y\n" for name, text in metrics.items()
        )
        (folder / "a.ini").write_text("\n".join(sections))

    def add(self, *names: str) -> list[Path]:
        """Copy some of the files to where they may be read; returns their paths."""
        return [Path(shutil.copy(self.files / name, self.folder / name)) for name in names]

    def extract(self, *paths: Path) -> str:
        """Run `dqmhub trends extract`; returns its last line."""
        return dqmhub(self.settings, "trends", "extract", *map(str, paths)).stdout.strip().rpartition("\n")[2]

    def sync(self, *paths: Path) -> None:
        """Read the configurations, and register files without extracting them."""
        sync(load_configs(config_folder(self.settings)))
        self.register(*paths)

    def register(self, *paths: Path) -> None:
        """Register files, whose trends are not extracted."""
        dqmhub(self.settings, "register", *map(str, paths))

    def points(self) -> dict[tuple[str, int], float | None]:
        """The current points by trend and run."""
        return {(point.name, point.run): point.value for point in exported_points() if point.is_current}


@pytest.fixture
def site(hub: Settings, run_files: Path) -> Site:
    """An instance with trends, without files."""
    return Site(hub, run_files)


@pytest.fixture(scope="session")
def trend_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of `reference.py`, which ROOT writes in a process of its own."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.trends.reference", str(folder)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(tmp_path_factory, "trends", write)


@pytest.fixture(scope="session")
def expected(trend_files: Path) -> dict[str, Any]:
    """What ROOT computed: `cases` by name, and values of functions."""
    found: dict[str, Any] = json.loads((trend_files / "expected.json").read_text())
    return found


@pytest.fixture(scope="session")
def histograms(trend_files: Path) -> dict[str, Histogram]:
    """All histograms by name, read as the product reads them."""
    path = trend_files / "histograms.root"
    (listing,) = scan(path).samples.values()
    rows = [listing.columns.row(index) for index in range(len(listing.names))]
    return {
        name.decode().partition("/")[2]: read_histogram(payload(path, "tdirectory", row))
        for name, row in zip(listing.names, rows, strict=True)
    }
