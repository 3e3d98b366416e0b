"""A file that harms the process that reads it fails alone, with a reason, and is tried again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.core.settings import TREE
from app.gui.samples import SampleKey
from app.trends import computing_process
from app.trends.extraction import extract
from app.trends.models import TrendExtraction
from tests.support.cli import dqmhub
from tests.support.patience import PATIENCE_S
from tests.support.processes import until
from tests.support.shared import shared_folder
from tests.trends.conftest import FILES, Site

pytestmark = pytest.mark.slow

GOOD, _, NEXT_RUN, _ = FILES
RUN = 355559
MAPS = 12
"""Of write_hostile.py."""
HOSTILE = f"DQM_V0001_R{RUN:09}__ZeroBias__Run2022C-Express-v1__DQMIO.root"
COUNT = "basic.BinCount(2) DT/n"
FIT = "fits.GauLand(0,1,99,(60,2,10,20)) DT/peak"
KEY = SampleKey(355555, 0, "/ZeroBias/Run2022C-Express-v1/DQMIO")
SLOW = KEY._replace(run=RUN)


@pytest.fixture(scope="session")
def hostile_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files of write_hostile.py."""

    def write(folder: Path) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "tests.trends.write_hostile", str(folder), str(RUN)]
        subprocess.run(command, cwd=TREE, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)

    return shared_folder(tmp_path_factory, "hostile-files", write)


@pytest.fixture
def maps(site: Site, hostile_files: Path) -> Path:
    """A file that takes much memory, where the product may read it."""
    return Path(shutil.copy(hostile_files / "maps.root", site.folder / HOSTILE))


@pytest.fixture
def peak(site: Site, hostile_files: Path) -> Path:
    """A file with a fit that takes minutes, where the product may read it."""
    return Path(shutil.copy(hostile_files / "peak.root", site.folder / HOSTILE))


def check_that_it_fails_alone(site: Site, hostile: Path, reason: str) -> None:
    """The hostile file fails with its reason, those before and after it have their points; a good one in its place has them later."""
    assert site.extract(hostile, *site.add(GOOD, NEXT_RUN)) == "2 samples extracted, 1 failed"
    points = site.points()
    assert (points["n", 355555], points["n", 355556], ("n", RUN) in points) == (100, 300, False)
    assert re.search(reason, dqmhub(site.settings, "trends", "status").stdout)
    (state,) = TrendExtraction.select().where(TrendExtraction.run == RUN)
    assert state.state == "failed"
    assert state.next_try > state.finished
    good = (site.files / GOOD).read_bytes().replace(b"355555", b"355559")
    hostile.write_bytes(good)
    assert site.extract(hostile) == "1 sample extracted, 0 failed"
    assert site.points()["n", RUN] == 100


def test_a_small_file_that_fills_the_memory_fails_alone(site: Site, maps: Path) -> None:
    site.settings = site.settings.replace(import_memory_mb=400)
    site.configure(n=COUNT, **{f"map_{number}": f"basic.Mean2D() DT/map_{number}" for number in range(MAPS)})
    assert maps.stat().st_size < 10**6
    check_that_it_fails_alone(site, maps, rf"{HOSTILE}: reading takes more than 400 MB \(import_memory_mb\)")


def test_a_fit_that_does_not_end_fails_its_file_alone(site: Site, peak: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing_process, "MOST_ELAPSED", int(PATIENCE_S))  # the other files are read on a machine that stalls
    site.settings = site.settings.replace(import_cpu_s=3)
    site.configure(n=COUNT, peak=FIT)
    check_that_it_fails_alone(site, peak, rf"{HOSTILE}: reading took more than 3 s of CPU \(import_cpu_s\)")


def children() -> set[int]:
    """The ids of the child processes that read files for trends."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # of a thread or child that has ended meanwhile
            for number in (task / "children").read_text().split():
                if b"app.trends.computing_child" in Path(f"/proc/{number}/cmdline").read_bytes():
                    found.add(int(number))
    return found


@contextmanager
def signalled(number: int, times: int = 1) -> Iterator[None]:
    """Send a signal to the next child, and if wanted to those in its place."""
    seen = children()

    def send() -> None:
        for _ in range(times):
            new: set[int] = set()
            until(lambda new=new: new.update(children() - seen) or new, "a child that reads a file")
            (child,) = new
            seen.add(child)
            os.kill(child, number)

    for child in seen:  # left by other tests
        os.kill(child, signal.SIGKILL)
    until(lambda: not children(), "the end of other children")
    sender = threading.Thread(target=send)
    sender.start()
    yield
    sender.join(PATIENCE_S)
    assert not sender.is_alive()


def test_a_crash_of_the_process_that_reads_a_file_fails_the_file_alone(site: Site, peak: Path) -> None:
    """A library that unpacks a damaged file can end its process; here the test does so, while a long fit goes on."""
    site.configure(n=COUNT, peak=FIT)
    site.sync(peak, *site.add(GOOD))
    with signalled(signal.SIGSEGV):
        state, text = extract(SLOW, site.settings)
    assert (state, "SIGSEGV" in text, HOSTILE in text) == ("failed", True, True)
    assert site.points() == {}
    assert extract(KEY, site.settings).state == "done", "the next file has a new process"
    assert site.points() == {("n", 355555): 100}


def test_a_reading_process_that_is_ended_from_outside_is_started_again(site: Site) -> None:
    """As when a machine stops, or its memory is full: no property of the file."""
    site.configure(n=COUNT)
    site.sync(*site.add(GOOD))
    with signalled(signal.SIGTERM):
        assert extract(KEY, site.settings).state == "done"
    assert site.points() == {("n", 355555): 100}


def test_a_reading_process_that_is_ended_again_and_again_is_a_failure(site: Site, peak: Path) -> None:
    site.configure(peak=FIT)
    site.sync(peak)
    with signalled(signal.SIGKILL, times=2):
        state, text = extract(SLOW, site.settings)
    assert (state, text.endswith("the reading process was ended twice from outside")) == ("failed", True)


def test_one_process_reads_many_files(site: Site) -> None:
    site.configure(n=COUNT)
    site.sync(*site.add(GOOD, NEXT_RUN))
    extract(KEY, site.settings)
    before = children()
    extract(KEY._replace(run=355556), site.settings)
    assert (len(before), children()) == (1, before)
    for child in before:
        os.kill(child, signal.SIGKILL)  # between two files, as when it was idle
    until(lambda: not children(), "its end")
    TrendExtraction.update(activated=0).execute()
    assert extract(KEY, site.settings).state == "done"
