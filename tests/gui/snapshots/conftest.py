"""A live run: its file, rewritten with one lumisection after the other by the demo program, and what reads it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.core.settings import TREE, Settings
from app.formats import Kind, file_version, payloads, scan
from app.gui.catalog.catalog import OpenSample
from app.gui.demo.make import make_file
from app.gui.files.entries import ONLINE_DATASET, Entry
from app.gui.files.register import register
from app.gui.models import Dataset
from app.gui.samples import SampleKey
from app.gui.snapshots.bounds import remove_excess
from app.gui.snapshots.keeping import keep
from app.gui.snapshots.snapshots import Snapshots
from app.gui.snapshots.stored import Snapshot, snapshots_folder
from render.build import binary
from tests.support import gui
from tests.support.shared import shared_folder

LUMIS = 6
RUN = 367300
LIVE = SampleKey(0, 0, ONLINE_DATASET)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = str(binary(TREE).with_name("dqmhub-demo").absolute())
    for run, lumis in ((RUN, range(1, LUMIS + 1)), (RUN + 1, (1, 2, 4))):
        for lumi in lumis:
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
    """The file of the ongoing run."""

    def __init__(self, hub: Settings, files: Path) -> None:
        self.files = files
        hub.data.mkdir(exist_ok=True)
        self.settings = hub.replace(file_roots=(str(hub.data),))
        self.file = hub.data / "live.pb"
        self.seconds = int(time.time()) - 3600

    def write(self, lumi: int, run: int = RUN) -> None:
        """Replace the file by that of a lumisection, and register it, as the online system does."""
        self.put((self.files / f"{run}-{lumi}.pb").read_bytes())
        register([Entry(ONLINE_DATASET, number, 0, str(self.file), "protobuf") for number in (0, run)])

    def put(self, content: bytes) -> None:
        """Replace the file."""
        new = self.file.with_suffix(".new")
        new.write_bytes(content)
        self.seconds += 23
        os.utime(new, (self.seconds, self.seconds))
        new.rename(self.file)

    def sample(self, run: int = 0) -> OpenSample:
        """The sample of the file, as the catalog opens it."""
        listing, version = scan(self.file, "protobuf").samples[0, 0], file_version(self.file)
        identity = f"{self.file}\0{version.size}\0{version.mtime_ns}"
        Dataset.get_or_create(name=ONLINE_DATASET)
        return OpenSample(
            SampleKey(run, 0, ONLINE_DATASET), 1, str(self.file), "protobuf", identity, "", 0, listing.names, listing.columns, listing.facts
        )

    def keep(self, *lumis: int, run: int = RUN) -> list[Snapshot]:
        """Write these lumisections, and keep a snapshot of each."""
        kept = []
        for lumi in lumis:
            self.write(lumi, run)
            kept.append(keep(self.sample(), self.settings))
        return kept

    def bounded(self, **settings: int) -> int:
        """Remove what these settings do not allow."""
        return remove_excess(self.settings.replace(**settings))

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots in a new process."""
        return Snapshots(self.settings)

    @property
    def packs(self) -> dict[str, int]:
        """The packs of all runs with their sizes, bytes."""
        return {path.stem: path.stat().st_size for path in snapshots_folder(self.settings).rglob("*.pack")}

    def kept_lumis(self) -> list[int]:
        """The lumisections of the snapshots, the newest first. Each snapshot must have all that its file held."""
        found = self.snapshots.of(LIVE)
        for each in found:
            self.check(each)
        return [each.lumi for each in found]

    def check(self, snapshot: Snapshot) -> None:
        """Compare a snapshot with the file of its lumisection."""
        opened = self.snapshots.open(snapshot)
        then = self.files / f"{snapshot.run}-{snapshot.lumi}.pb"
        listing = scan(then, "protobuf").samples[0, 0]
        assert opened.names.pack() == listing.names.pack()
        assert (opened.columns.kind, opened.columns.status) == (listing.columns.kind, listing.columns.status)
        assert opened.facts == listing.facts
        rows = {index: listing.columns.row(index) for index, kind in enumerate(listing.columns.kind) if not Kind(kind).scalar}
        assert len(rows) > 100
        for number, held in payloads(then, "protobuf", list(rows.values())):
            assert opened.payload(list(rows)[number]) == held


@pytest.fixture
def live(hub: Settings, lumi_files: Path) -> LiveRun:
    """A live run without a file yet."""
    return LiveRun(hub, lumi_files)
