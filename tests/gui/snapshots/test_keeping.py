"""Keeping snapshots: what is written, and what happens to damaged, replaced, packed and unsuitable files, and on a full disk."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from pathlib import Path

import pytest

from app.core import database
from app.core.settings import Settings
from app.formats import FileReplaced, FormatError
from app.gui.snapshots import keeping
from app.gui.snapshots.keeping import NotKept, keep
from app.gui.snapshots.models import LiveSnapshot
from app.gui.snapshots.stored import snapshots_folder
from tests.formats.snapshots import Object, serialise
from tests.formats.snapshots import read as read_objects
from tests.gui.snapshots.conftest import LIVE, RUN, LiveRun
from tests.support.kills import killed_at_each_step
from tests.support.small_disk import fill_disk


def test_only_what_changed_is_written(live: LiveRun) -> None:
    objects = read_objects((live.files / f"{RUN}-1.pb").read_bytes())
    live.put(serialise(objects.values()))
    first = keep(live.sample(), live.settings)
    later = {
        path: each._replace(content=each.content.replace(b"<iLumiSection>i=1", b"<iLumiSection>i=2")) for path, each in objects.items()
    }
    changed = [path for path, each in later.items() if each != objects[path]]
    assert all(path.endswith("/EventInfo/iLumiSection") for path in changed)
    live.put(serialise(later.values()))
    second = keep(live.sample(), live.settings)
    assert (second.lumi, second.me_count) == (2, first.me_count)
    # besides the facts, 16 bytes for each monitor element say which content it has
    assert live.packs[second.contents] - 16 * second.me_count < live.packs[first.contents] / 10
    opened = live.snapshots.open(second)
    assert opened.contents.elements == live.snapshots.open(first).contents.elements


def test_an_unchanged_file_adds_no_snapshot(live: LiveRun) -> None:
    live.keep(1, 2)
    with pytest.raises(NotKept, match="The snapshot of lumisection 2 is as new as the file"):
        keep(live.sample(RUN), live.settings)
    assert live.kept_lumis() == [2, 1]


@pytest.mark.both_databases
def test_of_several_versions_of_a_lumisection_the_newest_stays(live: LiveRun) -> None:
    first, earlier, later = live.keep(1, 2, 2)
    assert earlier.mtime_ns < later.mtime_ns
    assert [each.number for each in live.snapshots.of(LIVE)] == [later.number, first.number]
    assert live.kept_lumis() == [2, 1]
    assert len(live.packs) == 2


def test_a_run_that_begins_again_loses_the_snapshots_of_its_first_pass(live: LiveRun) -> None:
    live.keep(1, 4, 5)
    live.keep(2)
    assert live.kept_lumis() == [2, 1]
    live.keep(1)
    assert live.kept_lumis() == [1]


def test_a_file_that_was_replaced_since_it_was_listed_gives_no_snapshot(live: LiveRun) -> None:
    live.write(1)
    listed = live.sample()
    live.write(2)
    with pytest.raises(FileReplaced):
        keep(listed, live.settings)
    assert (live.kept_lumis(), live.packs) == ([], {})


def test_a_file_that_is_written_in_place_while_it_is_read_gives_no_snapshot(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write(1)
    sample, hashed = live.sample(), keeping.content_hash

    def write_meanwhile(content: bytes) -> bytes:
        os.utime(live.file, (1, 1))
        return hashed(content)

    with monkeypatch.context() as writing:
        writing.setattr(keeping, "content_hash", write_meanwhile)
        with pytest.raises(FileReplaced):
            keep(sample, live.settings)
    assert (live.kept_lumis(), live.packs) == ([], {})
    live.keep(1)
    assert live.kept_lumis() == [1]


def test_a_file_packed_as_a_whole_has_the_same_histograms(live: LiveRun) -> None:
    objects = read_objects((live.files / f"{RUN}-1.pb").read_bytes())
    live.put(gzip.compress(serialise(objects.values(), packed=False), 1))
    kept = keep(live.sample(), live.settings)
    live.check(kept)
    assert live.packs[kept.contents] < kept.bytes / 2


def test_a_damaged_histogram_is_missing_in_its_snapshot_and_others_are_there(live: LiveRun) -> None:
    objects = read_objects((live.files / f"{RUN}-1.pb").read_bytes())
    path, good = next((path, each) for path, each in objects.items() if each.flags & 0xFF == 0x10)
    objects[path] = Object(path, b"damaged", good.flags)
    live.put(serialise(objects.values()))
    opened = live.snapshots.open(keep(live.sample(), live.settings))
    index = opened.names.find(path.encode())
    assert index is not None
    with pytest.raises(FormatError):
        opened.payload(index)


def test_a_file_without_lumisections_gives_no_snapshot(live: LiveRun) -> None:
    objects = read_objects((live.files / f"{RUN}-1.pb").read_bytes())
    live.put(serialise(each for each in objects.values() if "/EventInfo/" not in each.path))
    with pytest.raises(NotKept, match="None of the folders EventInfo has the lumisection"):
        keep(live.sample(), live.settings)


def test_a_root_file_gives_no_snapshot(live: LiveRun) -> None:
    live.write(1)
    with pytest.raises(NotKept, match="Files of the format tdirectory are not written during a run"):
        keep(live.sample()._replace(format="tdirectory"), live.settings)


def test_on_a_disk_that_is_nearly_full_no_snapshot_is_kept_and_the_reason_is_said(small_hub: Settings, lumi_files: Path) -> None:
    live = LiveRun(small_hub, lumi_files)
    live.keep(1)
    live.write(2)
    sample, filling = live.sample(), fill_disk(small_hub.data)
    with pytest.raises(NotKept, match="The disk is nearly full: 0 MB are free"):
        keep(sample, live.settings)
    filling.unlink()
    keep(sample, live.settings)
    assert live.kept_lumis() == [2, 1]


def test_a_disk_that_is_full_while_a_snapshot_is_written_keeps_the_others(
    small_hub: Settings, lumi_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveRun(small_hub, lumi_files)
    live.keep(1)
    live.write(2)
    sample, filling = live.sample(), fill_disk(small_hub.data)
    with monkeypatch.context() as unaware:
        unaware.setattr(keeping, "space_problem", lambda *_: "")
        with pytest.raises(OSError, match="No space left"):
            keep(sample, live.settings)
    filling.unlink()
    assert live.kept_lumis() == [1]
    assert len(list(snapshots_folder(live.settings).rglob("*/*"))) == 1


SNAPSHOT_STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")
"""Events of the interpreter that are a step in keeping a snapshot, if they are about one of its files."""


def test_a_process_that_is_killed_at_any_step_leaves_whole_snapshots(live: LiveRun) -> None:
    live.keep(1, 2, 3)
    live.write(3)
    sample, steps = live.sample(), 0

    def keep_and_bound() -> None:
        with suppress(NotKept):  # an earlier process has kept it
            keep(sample, live.settings)
        live.bounded(live_snapshots=1)

    def is_step(event: str, arguments: tuple[object, ...]) -> bool:
        return event in SNAPSHOT_STEPS and "/snapshots" in str(arguments[0])

    database.disconnect()
    for _ in killed_at_each_step(keep_and_bound, is_step):
        steps += 1
        assert live.kept_lumis()[0] == 3
        database.disconnect()
    assert steps >= 8
    live.keep(4)
    live.bounded(live_snapshots=1)
    assert live.kept_lumis() == [4, 3]
    assert LiveSnapshot.select().count() == 2
