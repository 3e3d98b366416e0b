"""Reading of damaged files in a process of its own, with a check of the work that each file costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.formats.work_budget import MAX_ATTEMPTS, MAX_UNPACKED
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]


def read_all(folder: Path, format: str = "tdirectory") -> dict[str, dict[str, Any]]:
    """The result of `read_folder.py` for each file; checks that no file costs more work than its size permits."""
    command = [sys.executable, "-m", "tests.formats.read_folder", str(folder), format]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    answers = {answer["file"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert answers.keys() == {path.name for path in folder.iterdir()}
    for name, answer in answers.items():
        size = (folder / name).stat().st_size
        assert is_bounded(answer["work"], size), name
        assert is_bounded(answer["payload_work"], size), name
    return answers


def is_bounded(work: list[int], size: int) -> bool:
    """Whether the work for a file of `size` bytes is in proportion to it; the bounds of the readers themselves are wider."""
    bytes_read, bytes_unpacked, attempts = work
    return bytes_read <= 2 * size + 10_000 and bytes_unpacked <= MAX_UNPACKED and attempts <= MAX_ATTEMPTS
