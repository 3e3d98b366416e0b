"""Demo files: DQM files like those of real runs, written by the program `dqmhub-demo` with ROOT."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILES = {
    "DQM_V0001_R000367100__ZeroBias__Run2023C-Demo-v1__DQMIO.root": 367100,
    "DQM_V0001_R000367129__ZeroBias__Run2023C-Demo-v1__DQMIO.root": 367129,
    "DQM_V0001_R000367129__Muon__Run2023C-Demo-v1__DQMIO.root": 367129,
    "DQM_V0001_R000367131__Muon__Run2023C-Demo-v1__DQMIO.root": 367131,
    "DQM_V0001_R000367140__Cosmics__Run2023C-Demo-v1__DQMIO.root": 367140,
    "DQM_V0001_R000000001__RelValTTbar_14TeV__CMSSW_14_0_0-140X_mcRun3_v1__DQMIO.root": 1,
    "DQM_V0001_R000367131__StreamExpress__Run2023C-Demo-v1__DQMIO.root": 367131,
}
"""Names of the demo files, and the run in each."""

BY_LUMISECTION = "StreamExpress"
"""Dataset whose file has the format DQMIO, with LUMISECTIONS lumisections and the whole run."""
LUMISECTIONS = 20

_LARGE_RUN = 367199
INDEX = "made.json"
"""File with how the demo files of a folder were made."""

_TIMEOUT_S = 600


class Conditions(NamedTuple):
    """When and with which release of CMSSW a run was taken."""

    start: float  # Unix s UTC
    release: str  # such as CMSSW_13_0_7

    def options(self) -> list[str]:
        """The options of the program `dqmhub-demo`."""
        return ["--start", f"{self.start:.3f}", "--release", self.release]


def make_demo(
    folder: Path,
    binary: Path,
    mes: int | None,
    progress: Callable[[str], None],
    conditions: Mapping[int, Conditions] | None = None,
) -> list[Path]:
    """Make the demo files; files that the same program has made before in the same conditions are not made again.

    Args:
        folder: Where the files are made.
        binary: The program `dqmhub-demo`.
        mes: None for all files of FILES; else one file with this number of monitor elements is made.
        progress: Called with a line of text for each new file.
        conditions: Of runs; the others keep those that their file was made with, at first those of 2023.

    Returns the paths. Raises OSError when the program or the folder cannot be used, RuntimeError when the program fails.
    """
    files = FILES if mes is None else {f"DQM_V0001_R{_LARGE_RUN:09}__Large__Demo-{mes}-v1__DQMIO.root": _LARGE_RUN}
    folder.mkdir(parents=True, exist_ok=True)
    program_hash = hashlib.sha256(binary.read_bytes()).hexdigest()
    index = _read_index(folder / INDEX)
    for seed, (name, run) in enumerate(files.items(), start=1):
        known = index.get(name, [])
        of_run = conditions[run].options() if conditions and run in conditions else known[1:]
        if known != [program_hash, *of_run] or not (folder / name).exists():
            progress(f"making {name}")
            options = ["--format", "dqmio", "--lumis", str(LUMISECTIONS)] if f"__{BY_LUMISECTION}__" in name else []
            numbers = ["--run", str(run), "--seed", str(seed), "--mes", str(mes or 0)]
            make_file(folder, name, [str(binary.absolute()), *numbers, *options, *of_run])
            index[name] = [program_hash, *of_run]
            _write(folder / INDEX, json.dumps(index, indent=1))
    return [folder / name for name in files]


def _read_index(path: Path) -> dict[str, list[str]]:
    """The hash of the program that made each file, and the options of its conditions."""
    try:
        index = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {name: made for name, made in index.items() if isinstance(made, list)} if isinstance(index, dict) else {}


def make_file(folder: Path, name: str, command: list[str]) -> None:
    """Write a file by a program, under a temporary name until it is complete. Raises OSError and RuntimeError."""
    # ROOT reads a name as a URL, so the name has no folder.
    part = f"part-{os.getpid()}.root"
    try:
        done = subprocess.run(
            [*command, "--out", part], cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed with status {done.returncode}: {done.stderr.strip()}")
        (folder / part).replace(folder / name)
    finally:
        (folder / part).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(text)
    part.replace(path)
