"""Whether the watched folders of layouts can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import Settings
from app.gui.layouts.watched.files import look
from app.gui.settings import GuiSettings
from app.ops.doctor.diagnosis import Diagnosis


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """Each folder of `layout_folders`."""
    for folder in map(Path, settings.of(GuiSettings).layout_folders):
        if not folder.is_dir():
            yield Diagnosis(
                "error", f"The watched folder {folder} does not exist, so its layouts stay as they are", "Correct layout_folders"
            )
        elif not os.access(folder, os.R_OK | os.X_OK):
            yield Diagnosis("error", f"The watched folder {folder} cannot be read", f"Give the user of DQM Hub read access to {folder}")
        elif not look(folder.resolve()).versions:
            yield Diagnosis(
                "warning",
                f"The watched folder {folder} has no file with layouts now; those that it had before stay as they are",
                f"Mount {folder}, or get its files again; if git has stopped in it, remove .git/index.lock",
            )
        else:
            yield Diagnosis("ok", f"The watched folder {folder} can be read")
