"""Reads files of the corpus of a format with random damage: `python -m tests.formats.fuzz FORMAT [SECONDS [SEED]]`.

A file that ends the reader, or costs more work than its size permits, stays in build/fuzz, and the exit code is 1. The same seed
creates the same files.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.formats.bounded_reading import is_bounded
from tests.formats.damaged_files import mutants
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]
CORPORA = {"tdirectory": "root", "dqmio": "dqmio", "protobuf": "protobuf"}
BATCH = 100
SMALLEST = 100


def fuzz(format: str, seconds: float, seed: int) -> list[str]:
    """One line for each file that ended the reader or cost too much work."""
    seeds = [path for path in sorted((TREE / "tests" / "corpus" / CORPORA[format]).iterdir()) if path.stat().st_size > SMALLEST]
    folder = TREE / "build" / "fuzz" / format
    found: list[str] = []
    read = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        chance = random.Random(seed)
        files = {
            f"{seed}-{number:02}": next(mutants(chance.choice(seeds).read_bytes(), chance.getrandbits(32), 1)) for number in range(BATCH)
        }
        found += _bad(format, files, folder)
        read += len(files)
        seed += 1
    print(f"{read} files were read as {format}; {len(found)} failed; the next seed is {seed}")
    return found


def _bad(format: str, files: dict[str, bytes], folder: Path) -> list[str]:
    batch = folder / "batch"
    shutil.rmtree(batch, ignore_errors=True)
    batch.mkdir(parents=True)
    for name, data in files.items():
        (batch / name).write_bytes(data)
    command = [sys.executable, "-m", "tests.formats.read_folder", str(batch), format]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    answers = {answer["file"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    bad = {name: f"work {answer['work']}" for name, answer in answers.items() if not is_bounded(answer["work"], len(files[name]))}
    if done.returncode:
        first_unread = min(files.keys() - answers.keys())
        bad[first_unread] = done.stderr.strip().rpartition("\n")[2] or f"the reader ended with code {done.returncode}"
    for name in bad:
        (batch / name).replace(folder / name)
    return [f"{folder / name}: {what}" for name, what in bad.items()]


if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in CORPORA:
        sys.exit(f"usage: python -m tests.formats.fuzz {'|'.join(CORPORA)} [SECONDS [SEED]]")
    format, seconds, seed = [*sys.argv[1:], *["60", "1"][len(sys.argv) - 2 :]][:3]
    failed = fuzz(format, float(seconds), int(seed))
    print("\n".join(failed))
    sys.exit(1 if failed else 0)
