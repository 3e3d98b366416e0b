"""Completed files, noticed by the real inotify and by scans."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.transfer import watching
from services.transfer.watching import FolderWatch
from tests.support.patience import PATIENCE_S

NEVER_S = 1e9


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    (tmp_path / "upload").mkdir()
    return tmp_path / "upload"


@pytest.fixture
def watch(upload: Path) -> Iterator[FolderWatch]:
    """A watch that does not scan again by itself after its first scan."""
    with FolderWatch(str(upload), scan_s=NEVER_S) as watch:
        assert watch.changes(0) == set()
        yield watch
        assert watch.scans <= 1 + watch.overflows


def names(watch: FolderWatch, timeout_s: float = 0) -> list[str]:
    return sorted(os.path.basename(path) for path in watch.changes(timeout_s))


def test_a_file_is_noticed_when_it_is_closed_or_gets_its_name(upload: Path, watch: FolderWatch, tmp_path: Path) -> None:
    with (upload / "open.pb").open("wb") as file:
        file.write(b"a")
        file.flush()
        assert names(watch) == []
    assert watch.changes(PATIENCE_S) == {str(upload / "open.pb")}
    (upload / "a.pb.open").touch()
    (upload / "a.pb.open").rename(upload / "a.pb")
    assert names(watch, PATIENCE_S) == ["a.pb", "a.pb.open"]
    (tmp_path / "elsewhere").touch()
    (tmp_path / "elsewhere").rename(upload / "here")
    assert names(watch, PATIENCE_S) == ["here"]
    (upload / "here").unlink()
    (upload / "a.pb").read_bytes()
    assert names(watch) == []


def test_files_in_folders_that_are_made_later_are_noticed(upload: Path, watch: FolderWatch, tmp_path: Path) -> None:
    folder = upload / "pb" / "run367094" / "SiStrip"
    folder.mkdir(parents=True)
    (folder / "at once.pb").touch()
    assert names(watch, PATIENCE_S) == ["at once.pb"]
    (folder / "later.pb").touch()
    assert names(watch, PATIENCE_S) == ["later.pb"]
    (folder / "deeper").mkdir()
    (folder / "deeper" / "too deep.pb").touch()
    (tmp_path / "run367095").mkdir()
    (tmp_path / "run367095" / "moved.pb").touch()
    (tmp_path / "run367095").rename(upload / "pb" / "run367095")
    assert names(watch, PATIENCE_S) == ["moved.pb"]


@pytest.mark.slow
def test_after_lost_events_everything_is_scanned(upload: Path, watch: FolderWatch) -> None:
    (upload / "first").touch()
    for _ in range(int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) // 2 + 10):
        (upload / "first").rename(upload / "second")
        (upload / "second").rename(upload / "first")
    (upload / "pb").mkdir()
    (upload / "pb" / "lost.pb").touch()
    assert names(watch) == ["first", "lost.pb", "second"]
    assert watch.overflows == 1
    (upload / "pb" / "noticed.pb").touch()
    assert names(watch, PATIENCE_S) == ["noticed.pb"]


def test_a_scan_finds_what_inotify_does_not_say(upload: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    with FolderWatch(str(upload), scan_s=0.05) as watch:
        watch.changes(0)
        os.link(tmp_path / "elsewhere", upload / "link.pb")  # it was never open here, and not moved
        assert names(watch, PATIENCE_S) == ["link.pb"]


def test_a_folder_that_is_made_removed_or_moved_later_is_watched_again(tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    with FolderWatch(str(upload), scan_s=0.05) as watch:
        assert names(watch) == []
        for number in range(3):
            upload.mkdir()
            (upload / f"{number}.pb").touch()
            assert names(watch, PATIENCE_S) == [f"{number}.pb"]
            upload.rename(tmp_path / f"away {number}")
            (tmp_path / f"away {number}" / "not here.pb").touch()
            while names(watch, 0.1):
                pass


def test_files_of_a_moved_subfolder_have_their_new_paths(upload: Path) -> None:
    (upload / "old").mkdir()
    with FolderWatch(str(upload), scan_s=NEVER_S) as watch:
        watch.changes(0)
        (upload / "old").rename(upload / "new")
        watch.changes(0)
        (upload / "new" / "a.pb").touch()
        assert watch.changes(PATIENCE_S) == {str(upload / "new" / "a.pb")}


def test_links_in_the_folder_lead_nowhere_and_are_named_once(upload: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outside" / "pb").mkdir(parents=True)
    (tmp_path / "outside" / "secret.pb").touch()
    (upload / "run000007").mkdir()
    for link in (upload / "link", upload / "run000007" / "pb"):
        link.symlink_to(tmp_path / "outside")
    with FolderWatch(str(upload), scan_s=0.01, linked=["pb"]) as watch:
        while watch.scans < 3:
            assert watch.changes(0.01) == set()
        (tmp_path / "outside" / "more.pb").touch()
        assert names(watch) == []
    told = sorted(record.getMessage() for record in caplog.records)
    assert told == [f"{upload}/{name} is a symbolic link, and is not followed" for name in ("link", "run000007/pb")]


def test_the_folder_itself_and_named_subfolders_may_be_links(tmp_path: Path) -> None:
    for name in ("disk 1", "disk 2/run000007"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "upload").symlink_to(tmp_path / "disk 1")
    (tmp_path / "disk 1" / "pb").symlink_to(tmp_path / "disk 2")
    upload = tmp_path / "upload"
    (upload / "before.root").touch()
    with FolderWatch(str(upload), scan_s=NEVER_S, linked=["pb"]) as watch:
        assert watch.changes(PATIENCE_S) == {str(upload / "before.root")}
        for path in (upload / "later.root", upload / "pb" / "run000007" / "a.pb", upload / "pb" / "b.pb"):
            path.touch()
            assert watch.changes(PATIENCE_S) == {str(path)}
        assert watch.scans == 1


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "upload").touch()
    with FolderWatch(str(tmp_path / "upload"), scan_s=NEVER_S) as watch:
        assert watch.changes(0) == set()
    assert [record.getMessage() for record in caplog.records] == [f"Cannot scan {tmp_path}/upload: Not a directory"]


def test_without_inotify_scans_alone_find_the_files_until_it_can_be_used(
    upload: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when other programs have too many watches; the kernel's limit is that of all tests on this machine."""
    (upload / "a.pb").touch()
    with FolderWatch(str(upload), scan_s=0.01) as watch, monkeypatch.context() as patch:
        patch.setattr(watching, "_libc", SimpleNamespace(inotify_init1=lambda _: -1))
        assert names(watch, PATIENCE_S) == ["a.pb"]
        (upload / "b.pb").touch()
        found: set[str] = set()
        while "b.pb" not in found:
            found |= set(names(watch, PATIENCE_S))
        assert len(caplog.records) == 1
        patch.undo()
        scans = watch.scans
        names(watch, PATIENCE_S)
        assert watch.scans == scans + 1


def test_a_folder_that_cannot_be_read_is_named_once(
    upload: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)  # root, who runs some of these tests, may read everything
    with FolderWatch(str(upload), scan_s=0.01) as watch:
        while watch.scans < 3:
            watch.changes(0.01)
    assert [record.getMessage() for record in caplog.records] == [f"Cannot scan {upload}: Permission denied"]


@pytest.mark.slow
def test_every_file_that_is_there_in_the_end_was_noticed(upload: Path, watch: FolderWatch) -> None:
    chance = random.Random(1)

    def write() -> None:
        for number in range(3000):
            folder = upload.joinpath(*(f"run{chance.randrange(40)}" for _ in range(chance.randrange(4))))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.open").touch()
            (folder / f"{number}.open").rename(folder / f"{number % 300}.pb")

    writer = threading.Thread(target=write)
    writer.start()
    seen: set[str] = set()
    while writer.is_alive():
        seen |= watch.changes(0.01)
    writer.join()
    seen |= watch.changes(0)
    assert {str(path) for path in upload.rglob("*") if path.is_file()} <= seen


def test_what_has_the_name_of_a_file_and_is_none_is_named_once(upload: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, pipe = upload / "run367094" / "run367094_Dir_DQMLive.pb", upload / "DQM_V0001_Pipe_R000367094.root"
    folder.mkdir(parents=True)
    os.mkfifo(pipe)
    with FolderWatch(str(upload), scan_s=0.01) as watch:
        while watch.scans < 3:
            assert watch.changes(0.01) == set()
    assert sorted(caplog.messages) == [f"{pipe} is no file", f"{folder} is a folder with the name of a file"]
