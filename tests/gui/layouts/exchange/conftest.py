"""The layouts and workspaces that CMS uses, and files of people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.gui.layouts.exchange.contents import FileContents
from app.gui.layouts.exchange.files import read_file


@pytest.fixture(scope="session")
def dqmgui_files(fixtures_dir: Path) -> Path:
    """The folder of the real layouts and workspaces."""
    folder = fixtures_dir / "dqmgui"
    if not (folder / "layouts.json").is_file():
        pytest.skip("needs the layouts of the DQM GUI, fixtures/dqmgui/layouts.json")
    return folder


@pytest.fixture(scope="session")
def real_layouts(dqmgui_files: Path) -> FileContents:
    """What the real file of layouts contains."""
    return read_file("layouts.json", (dqmgui_files / "layouts.json").read_bytes())


@pytest.fixture(scope="session")
def real_workspaces(dqmgui_files: Path) -> FileContents:
    """What the real file of workspaces contains."""
    return read_file("workspaces.json", (dqmgui_files / "workspaces.json").read_bytes())


def dumped(value: Any) -> bytes:
    """A record as one line of a file in the canonical form."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
