"""A watched folder whose files tests write."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol

import pytest

from app.core.settings import Settings
from app.gui.layouts.contents import Content
from app.gui.layouts.exchange.exports import export
from app.gui.layouts.watched.reading import read_folders


class Write(Protocol):
    """Writes layouts, or a text, into a file some minutes ago, and lets the folder be read."""

    def __call__(self, name: str, *contents: Content, text: str | None = None) -> Path: ...


@pytest.fixture
def folder(hub: Settings, tmp_path: Path) -> Path:
    """An empty folder."""
    made = tmp_path / "layouts"
    made.mkdir()
    return made


@pytest.fixture
def write(folder: Path) -> Write:
    """Writes layouts into a file, some minutes ago, and lets the folder be read."""
    ages = iter(range(3600, 0, -10))

    def written(name: str, *contents: Content, text: str | None = None) -> Path:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(export("json", list(contents)).text if text is None else text)
        changed = time.time() - next(ages)
        os.utime(path, (changed, changed))
        read_folders([str(folder)])
        return path

    return written
