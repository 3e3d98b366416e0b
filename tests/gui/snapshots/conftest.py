"""A live run: its file, rewritten with one lumisection after the other by the demo program, and what reads it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.gui.catalog.catalog import Catalog, OpenSample
from app.gui.demo.make import make_file
from app.gui.files import register
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.samples import SampleKey
from app.gui.snapshots.keeping import keep
from app.gui.snapshots.snapshots import Snapshots
from app.gui.snapshots.stored import Snapshot
from app.queue import execution
from render.build import binary
from tests.support import gui
from tests.support.shared import shared_folder

LUMIS = 6
RUN = 367300
LIVE = SampleKey(0, 0, ONLINE_DATASET)
WAIT_S = 60.0


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = str(binary(TREE).with_name("dqmhub-demo").absolute())
    for run in (RUN, RUN + 1):
        for lumi in range(1, LUMIS + 1):
            numbers = ["--run", str(run), "--seed", str(run), "--lumi", str(lumi), "--lumis", str(LUMIS)]
            make_file(
                folder, f"{run}-{lumi}.pb", [program, "--format", "pb", *numbers, "--start", "1700000000", "--release", "CMSSW_13_0_7"]
            )


@pytest.fixture(scope="session")
def lumi_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `<run>-<lumi>.pb` of two runs; tests do not change them."""
    gui.build_programs()
    return shared_folder(tmp_path_factory, "lumis", _write)


class LiveRun:
    """The file of the ongoing run, registered as run 0 and as the run that it is of."""

    def __init__(self, hub: Settings, files: Path) -> None:
        execution.connect(hub)
        self.files = files
        hub.data.mkdir(exist_ok=True)
        self.settings = hub.replace(file_roots=(str(hub.data),))
        self.file = hub.data / "live.pb"
        self.catalog = Catalog(self.settings)
        self.seconds = 1_700_000_000

    def write(self, lumi: int, run: int = RUN) -> None:
        """Replace the file by that of a lumisection, as the online system does."""
        new = self.file.with_suffix(".new")
        shutil.copy(self.files / f"{run}-{lumi}.pb", new)
        self.seconds += 23
        os.utime(new, (self.seconds, self.seconds))
        new.rename(self.file)
        register.register([Entry(ONLINE_DATASET, number, 0, str(self.file), "protobuf") for number in (0, run)])

    def sample(self, run: int = 0) -> OpenSample:
        """The sample, after an import of its newest file."""
        return self.catalog.open(SampleKey(run, 0, ONLINE_DATASET), WAIT_S)

    def keep(self, *lumis: int, run: int = RUN) -> list[Snapshot]:
        """Write these lumisections, and keep a snapshot of each."""
        kept = []
        for lumi in lumis:
            self.write(lumi, run)
            kept.append(keep(self.sample(), self.settings))
        return kept

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots in a new process."""
        return Snapshots(self.settings)


@pytest.fixture
def live(hub: Settings, lumi_files: Path) -> LiveRun:
    """A live run without a file yet."""
    return LiveRun(hub, lumi_files)


@pytest.fixture
def make_live(lumi_files: Path) -> Callable[[Settings], LiveRun]:
    """Makes a live run in a hub."""
    return lambda hub: LiveRun(hub, lumi_files)
