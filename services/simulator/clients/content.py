"""What clients write: the MEs of the program `dqmhub-demo`, split by client."""

from __future__ import annotations

import shutil
import subprocess
import time
from itertools import count
from pathlib import Path

from .demo_clients import split_option
from .wanted import WantedRun

KEPT_FOLDERS = 6
"""Of each run: clients that are late still find their files."""
_TIMEOUT_S = 600


class Content:
    """Files with the MEs of each client, in a folder for each run, lumisection and format.

    The program makes those of all clients at once.
    """

    def __init__(self, program: Path, folder: Path) -> None:
        """Files made in `folder` by the program `dqmhub-demo`."""
        self._program, self._folder = program, folder
        self._numbers = count(1)
        self._made: dict[int, list[Path]] = {}

    def snapshot(self, run: WantedRun, lumi: int, tag: str) -> Path:
        """A snapshot, for the one client process that writes it and removes this file. Raises `OSError` and `RuntimeError`."""
        path = self._path(run, lumi, "pb", tag)
        if not path.exists():
            self._make(run, lumi, "pb")
        return path.rename(path.with_name(f"for-{tag}-{next(self._numbers)}"))

    def root_file(self, run: WantedRun, lumi: int, tag: str) -> Path:
        """A ROOT file, which stays. Raises `OSError` and `RuntimeError`."""
        path = self._path(run, lumi, "root", tag)
        if not path.exists():
            self._make(run, lumi, "root")
        return path

    def forget(self, run: int) -> None:
        """Remove the files of a run."""
        self._made.pop(run, None)
        shutil.rmtree(self._folder / f"run{run}", ignore_errors=True)

    def _path(self, run: WantedRun, lumi: int, format: str, tag: str) -> Path:
        return self._folder / f"run{run.run}" / f"{format}-{lumi:06}" / f"made-{tag}"

    def _make(self, run: WantedRun, lumi: int, format: str) -> None:
        folder = self._path(run, lumi, format, "").parent
        folder.mkdir(parents=True, exist_ok=True)
        options = {"format": format, "out": "made", "run": run.run, "seed": run.run, "lumi": lumi, "lumis": run.lumis}
        options |= {"written": f"{time.time():.3f}", "clients": split_option(), "start": f"{run.started:.3f}", "release": run.release}
        command = [str(self._program), *(text for name, value in options.items() for text in (f"--{name}", str(value)))]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            raise RuntimeError(f"{command[0]} failed with status {done.returncode}: {done.stderr.strip()}")
        made = self._made.setdefault(run.run, [])
        made.append(folder)
        for old in made[:-KEPT_FOLDERS]:
            if old not in made[-KEPT_FOLDERS:]:
                shutil.rmtree(old, ignore_errors=True)
        del made[:-KEPT_FOLDERS]
