"""Copies of inputs of a merge, from which objects are removed: they end with the merge."""

from __future__ import annotations

import threading
import time
from itertools import count
from pathlib import Path

import pytest

from services.transfer.bu.tools import MergeStopped, MergeTimedOut, RootTools
from services.transfer.options import BuOptions

SIZE = 16 << 20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "large.root"
    with path.open("wb") as file:
        file.truncate(SIZE)
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_a_copy_on_a_slow_disk_ends_with_the_time_limit_of_the_merge(source: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = RootTools(work, BuOptions(merge_limit_s=3.0), threading.Event())
    tools.link([source])
    moments = count(time.monotonic(), 0.5)
    with monkeypatch.context() as slow:
        slow.setattr(time, "monotonic", lambda: next(moments))
        with pytest.raises(MergeTimedOut):
            tools.trim([0])
    assert 0 < (work / "trim-0.root").stat().st_size < SIZE


def test_a_service_that_ends_completes_no_copy(source: Path, work: Path) -> None:
    stop = threading.Event()
    tools = RootTools(work, BuOptions(), stop)
    tools.link([source])
    stop.set()
    with pytest.raises(MergeStopped):
        tools.trim([0])
    assert (work / "trim-0.root").stat().st_size < SIZE
