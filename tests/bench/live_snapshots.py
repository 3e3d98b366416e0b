"""Keeping snapshots of an ongoing run with 100,000 monitor elements, and what a window of one of them costs."""

from __future__ import annotations

import os
import random
import subprocess
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from app.core import database
from app.core.settings import TREE, Settings
from app.formats import file_version, scan
from app.gui.catalog.catalog import OpenSample
from app.gui.files.entries import ONLINE_DATASET
from app.gui.models import Dataset
from app.gui.samples import SampleKey
from app.gui.snapshots.bounds import remove_excess
from app.gui.snapshots.keeping import keep
from app.gui.snapshots.snapshots import Snapshots
from app.gui.snapshots.stored import snapshots_folder
from render.build import binary
from tests.bench.table import add_row
from tests.formats.snapshots import Object, entry, read
from tests.support.servers import migrate

MES = 100_000
RUN = 367300
VARIED = 32
"""Bytes at the end of a histogram that differ between monitor elements and lumisections."""

Result = TypeVar("Result")


def live_snapshots(folder: Path) -> None:
    """Keep a first snapshot, one with 5 % of the histograms changed, and one with all; open the second, and read histograms."""
    settings = Settings(data_dir=str(folder))
    migrate(settings)
    database.connect(settings)
    Dataset.create(name=ONLINE_DATASET)
    entries = _Entries(folder)
    for number, (what, share) in enumerate([("the first", 1.0), ("5 % changed", 0.05), ("all changed", 1.0)], 1):
        entries.fill(share, number)
        sample = _sample(entries.write(folder / "live.pb"))
        before = _disk(settings)
        seconds = _cpu(lambda sample=sample: keep(sample, settings))[0]
        name = f"snapshot of {MES:,} MEs ({sample.file_version.size / 1e6:.0f} MB), {what}"
        add_row(f"{name}: CPU", f"{seconds:.2f} s")
        add_row(f"{name}: on disk", f"{(_disk(settings) - before) / 1e6:.1f} MB")
    _measure_window(Snapshots(settings), sample)
    seconds, _ = _cpu(lambda: remove_excess(settings.replace(live_snapshots=1)))
    add_row("removing all but the newest two: CPU", f"{seconds:.2f} s")
    database.disconnect()


def _measure_window(snapshots: Snapshots, sample: OpenSample) -> None:
    seconds, start = _cpu(lambda: snapshots.start_of_window(sample, 1))
    add_row("opening the start of a window: CPU", f"{1000 * seconds:.0f} ms")
    seconds, _ = _cpu(lambda: [snapshots.start_of_window(sample, 1) for _ in range(100)])
    add_row("the same from memory: CPU", f"{10 * seconds:.2f} ms")
    histograms = random.Random(1).sample([index for index, kind in enumerate(start.columns.kind) if kind > 15], 1000)
    seconds, _ = _cpu(lambda: [start.payload(index) for index in histograms])
    add_row("a histogram at the start of a window: CPU", f"{seconds:.2f} ms")


class _Entries:
    """The entries of a file: the histograms of the demo, each many times."""

    def __init__(self, folder: Path) -> None:
        template = folder / "template.pb"
        program = binary(TREE).with_name("dqmhub-demo")
        subprocess.run([program, "--format", "pb", "--run", str(RUN), "--lumi", "1", "--out", template], check=True, capture_output=True)
        objects = read(template.read_bytes()).values()
        self._scalars = [each for each in objects if each.flags & 0xFF < 16]
        histograms = [each for each in objects if each.flags & 0xFF > 15]
        self._histograms = [histograms[number % len(histograms)] for number in range(MES - len(self._scalars))]
        self._packed = [b""] * len(self._histograms)
        self._lumi = 0

    def fill(self, share: float, lumi: int) -> None:
        """Change this share of the histograms."""
        generator = random.Random(lumi)
        self._lumi = lumi
        for number in generator.sample(range(len(self._histograms)), int(share * len(self._histograms))):
            path, content, flags = self._histograms[number]
            varied = content[:-VARIED] + generator.randbytes(VARIED)
            self._packed[number] = entry(f"{path} {number}".encode(), zlib.compress(varied), len(content), flags)

    def write(self, path: Path) -> Path:
        """Write the file of this lumisection."""
        scalars = (_at_lumi(each, self._lumi) for each in self._scalars)
        tags = (entry(name.encode(), zlib.compress(content), len(content), flags) for name, content, flags in scalars)
        new = path.with_suffix(".new")
        new.write_bytes(b"".join((*self._packed, *tags)))
        at = time.time() + 23 * self._lumi
        os.utime(new, (at, at))
        return new.rename(path)


def _at_lumi(scalar: Object, lumi: int) -> Object:
    return scalar._replace(content=scalar.content.replace(b"<iLumiSection>i=1<", b"<iLumiSection>i=%d<" % lumi))


def _sample(path: Path) -> OpenSample:
    listing, version = scan(path, "protobuf").samples[0, 0], file_version(path)
    identity = f"{path}\0{version.size}\0{version.mtime_ns}"
    key = SampleKey(0, 0, ONLINE_DATASET)
    return OpenSample(key, 1, str(path), "protobuf", identity, "", listing.unreadable, listing.names, listing.columns, listing.facts)


def _disk(settings: Settings) -> int:
    packs: Iterable[Path] = snapshots_folder(settings).rglob("*.pack")
    return sum(path.stat().st_size for path in packs)


def _cpu(action: Callable[[], Result]) -> tuple[float, Result]:
    """The CPU time of an action in s, and what it returns."""
    start = time.process_time()
    result = action()
    return time.process_time() - start, result
