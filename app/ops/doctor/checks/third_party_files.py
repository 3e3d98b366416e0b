"""Whether the third-party files in the installation are those that were released."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import TREE, Settings
from app.ops.doctor.diagnosis import Diagnosis

REINSTALL = "Install this version again, or get the file from its source in third-party.toml"


def check(settings: Settings, url: str) -> Iterator[Diagnosis]:
    """The SHA-256 of each file in a table third-party.toml."""
    problems = [problem for folder in ("static/vendor", "app/publish/sanitize/data") for problem in damaged_files(TREE / folder)]
    for problem in problems:
        yield Diagnosis("error", problem, REINSTALL)
    if not problems:
        yield Diagnosis("ok", "the third-party files are unchanged")


def damaged_files(folder: Path) -> Iterator[str]:
    """Files that are missing or not those of the table."""
    for package in tomllib.loads((folder / "third-party.toml").read_text(encoding="utf-8")).values():
        for name, file in package["files"].items():
            path = folder / name
            if not path.is_file():
                yield f"{path} is missing"
            elif hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
                yield f"{path} is not the file that was released"
