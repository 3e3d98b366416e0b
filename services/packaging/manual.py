"""The manual page dqmhub(1): all commands with their options, as their help says."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path


def write(tree: Path, folder: Path, time: int) -> None:
    """Write the page of the tree of a hub, compressed, into a folder. Raises subprocess.CalledProcessError."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "app.cli.manual", str(time)]
    page = subprocess.run(command, check=True, capture_output=True, cwd=tree).stdout
    (folder / "dqmhub.1.gz").write_bytes(gzip.compress(page, mtime=0))
