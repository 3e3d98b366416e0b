"""The command `dqmhub mirror`."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.mirror import mirror_arguments
from app.core.settings import TREE, load


def test_relative_folders_of_a_mirror_start_at_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None, {"DQMHUB_MIRROR_DATA": "var/mirror", "DQMHUB_MIRROR_FOLDER": "var/snapshots"})
    arguments = mirror_arguments(settings)
    assert [arguments[arguments.index(name) + 1] for name in ("--data", "--folder")] == [
        str(TREE / "var/mirror"),
        str(TREE / "var/snapshots"),
    ]
