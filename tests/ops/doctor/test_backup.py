"""The check of backups."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.settings import Settings
from app.ops.backup import backup_folder, make_backup
from app.ops.backup.manifest import read_manifest, write_manifest
from tests.ops.doctor.findings import wrong
from tests.ops.doctor.other_user import as_user
from tests.support.small_disk import fill_disk, small_disk


def test_a_missing_and_an_old_backup_and_one_on_the_disk_of_the_data_are_named(hub: Settings) -> None:
    folder = hub.data / "backups"
    assert wrong(hub, "backup") == [("warning", f"There is no backup in {folder}")]
    made = make_backup(hub, folder, print)
    same_disk = ("warning", f"The backups in {folder} are on the disk of the data: one fault loses both")
    assert wrong(hub, "backup") == [same_disk]
    write_manifest(read_manifest(made.folder)._replace(made=time.time() - 30 * 3600))
    assert wrong(hub, "backup") == [
        ("error", f"The newest backup, {made.name}, is 30 h old; the limit (backup_max_age_h) is 26 h"),
        same_disk,
    ]


def test_a_missing_folder_of_backups_is_named_as_a_disk_that_is_not_mounted(hub: Settings, tmp_path: Path) -> None:
    elsewhere = hub.replace(backup_dir=str(tmp_path / "other"))
    assert wrong(elsewhere, "backup") == [("error", f"The folder of the backups, {tmp_path}/other, does not exist")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_of_backups_that_cannot_be_written_and_a_file_in_its_place_are_named(hub: Settings) -> None:
    with TemporaryDirectory(dir="/tmp") as above:
        Path(above).chmod(0o755)
        folder = Path(above, "bk")
        folder.mkdir(0o555)
        with as_user(10001):
            ((level, text),) = wrong(hub.replace(backup_dir=str(folder)), "backup")
        assert (level, text) == ("error", f"The user of the services cannot write to the folder of the backups, {folder}")
        file = Path(above, "file")
        file.touch()
        assert wrong(hub.replace(backup_dir=str(file)), "backup") == [("error", f"{file} is a file, and no folder of backups")]


def test_a_recent_backup_on_another_disk_is_right_until_that_is_full(hub: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "other", 100):
        elsewhere = hub.replace(backup_dir=str(tmp_path / "other"))
        make_backup(elsewhere, backup_folder(elsewhere), print)
        assert wrong(elsewhere, "backup") == []
        fill_disk(tmp_path / "other")
        assert wrong(elsewhere, "backup") == [("error", f"The disk of {tmp_path / 'other'} has no space for the next backup")]
