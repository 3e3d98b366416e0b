"""The key that signs sessions."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.settings import TREE, SettingError, Settings, load_secret_key
from tests.support.patience import PATIENCE_S

STARTERS = 8


def test_the_key_is_created_once_readable_by_its_owner_only(settings: Settings) -> None:
    old = os.umask(0)
    try:
        key = load_secret_key(settings)
    finally:
        os.umask(old)
    assert len(key) == 64
    assert load_secret_key(settings) == key
    assert stat.S_IMODE((settings.data / "secret").stat().st_mode) == 0o600
    assert [path.name for path in settings.data.iterdir()] == ["secret"]


def test_two_instances_have_different_keys(settings: Settings, tmp_path: Path) -> None:
    assert load_secret_key(settings) != load_secret_key(settings.replace(data_dir=str(tmp_path / "other")))


def test_services_that_start_together_agree_on_one_key(settings: Settings) -> None:
    code = f"from app.core.settings import *; print(load_secret_key(Settings(data_dir={settings.data_dir!r})).decode())"
    starters = [subprocess.Popen([sys.executable, "-c", code], cwd=TREE, stdout=subprocess.PIPE, text=True) for _ in range(STARTERS)]
    keys = {starter.communicate(timeout=PATIENCE_S)[0].strip() for starter in starters}
    assert keys == {(settings.data / "secret").read_text()}
    assert [path.name for path in settings.data.iterdir()] == ["secret"]


def test_files_left_by_a_killed_process_do_no_harm(settings: Settings) -> None:
    settings.data.mkdir()
    (settings.data / f"secret.{os.getpid()}").touch()
    assert len(load_secret_key(settings)) == 64


def test_the_setting_has_priority_over_the_file(settings: Settings) -> None:
    changed = settings.replace(secret_key="9f1c6a0b7de24853a1f0c2d4e6b8a7531")
    assert load_secret_key(changed) == b"9f1c6a0b7de24853a1f0c2d4e6b8a7531"
    assert not settings.data.exists()


def test_a_damaged_key_file_is_refused_with_a_remedy(settings: Settings) -> None:
    settings.data.mkdir()
    (settings.data / "secret").write_text("cut off")
    with pytest.raises(SettingError, match=r"7 characters.*remove the file for a new key"):
        load_secret_key(settings)


def test_a_folder_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"data_dir = .* a folder of this user"):
        load_secret_key(settings.replace(data_dir=str(tmp_path / "file" / "var")))
