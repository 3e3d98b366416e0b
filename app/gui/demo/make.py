"""Demo data: DQM files that look like those of real runs, written by `dqmhub-demo`, ROOT's own hand."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
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
"""The files of the demo, and the run in each."""

BY_LUMISECTION = "StreamExpress"
"""The dataset whose file is of the format DQMIO, with `LUMISECTIONS` of the run and the run as a whole."""
LUMISECTIONS = 20

_LARGE_RUN = 367199
_MADE = "made.json"
_LONGEST_S = 600


def make_demo(folder: Path, binary: Path, mes: int | None, progress: Callable[[str], None]) -> list[Path]:
    """Makes the demo files in `folder`, or one file of `mes` monitor elements, and returns their paths.

    What the same `binary` has made there before is left alone. `progress` is told of each file that is made. Raises
    `OSError` when the binary or the folder cannot be used, `RuntimeError` when it fails.
    """
    files = FILES if mes is None else {f"DQM_V0001_R{_LARGE_RUN:09}__Large__Demo-{mes}-v1__DQMIO.root": _LARGE_RUN}
    folder.mkdir(parents=True, exist_ok=True)
    maker = hashlib.sha256(binary.read_bytes()).hexdigest()
    made = _read_made(folder / _MADE)
    for seed, (name, run) in enumerate(files.items(), start=1):
        if made.get(name) != maker or not (folder / name).exists():
            progress(f"making {name}")
            how = ["--format", "dqmio", "--lumis", str(LUMISECTIONS)] if f"__{BY_LUMISECTION}__" in name else []
            make_file(folder, name, [str(binary.absolute()), "--run", str(run), "--seed", str(seed), "--mes", str(mes or 0), *how])
            made[name] = maker
            _write(folder / _MADE, json.dumps(made, indent=1))
    return [folder / name for name in files]


def _read_made(path: Path) -> dict[str, str]:
    try:
        made = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def make_file(folder: Path, name: str, command: list[str]) -> None:
    """Has a program write a file, which is there under its name once it is whole. Raises `OSError` and `RuntimeError`."""
    # ROOT reads a name as an address, so it is given one without a folder.
    part = f"part-{os.getpid()}.root"
    try:
        done = subprocess.run(
            [*command, "--out", part], cwd=folder, capture_output=True, text=True, errors="replace", timeout=_LONGEST_S, check=False
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
