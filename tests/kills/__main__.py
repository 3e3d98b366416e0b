"""The kills by one command: `python -m tests.kills --loops 500 --seed 1`; further arguments go to pytest.

Three parts, one after the other: the processes of a hub with a mirror while files are registered and imported, and the simulated
clients of online runs; the chain from the simulated P5 to the pages; the transfer on the hosts of a small online site, each of its
modes at each kind of step. The kills of the simulated clients, one in twenty, and of the transfer come on top, of the latter as many as
its steps ask for. The sum of all is printed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.storms import NOTES_VARIABLE

CHAIN_PART, LOOPS_PER_TIME = 0.2, 25
"""The part of the loops that the chain has, of four services; and how many loops make the transfer once longer than in the suite."""
LEAST_LOOPS = 10
"""With fewer, the parts would have no kill each."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description="Kills all processes of the product again and again.")
    parser.add_argument("--loops", type=int, default=500, help="kills of processes of the hub and the chain (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (%(default)s)")
    known, others = parser.parse_known_args()
    if known.loops < LEAST_LOOPS:
        parser.error(f"--loops is {known.loops}, and must be at least {LEAST_LOOPS}: each part has some")
    chain = max(1, round(CHAIN_PART * known.loops / 4))
    variables = {
        "KILLS_LOOPS": str(known.loops - 4 * chain),
        "STORM_SEED": str(known.seed),
        "STORM_TIMES": str(max(1, known.loops // LOOPS_PER_TIME)),
    }
    parts = [
        ["-m", "pytest", "-s", "tests/kills", *others],
        ["-m", "tests.square.chain", "--kills", str(chain), "--seed", str(known.seed)],
        ["-m", "pytest", "-s", "tests/transfer/site/test_kills.py", *others],
    ]
    return int(run(parts, variables))


def run(parts: Iterable[Sequence[str]], variables: Mapping[str, str]) -> bool:
    """Run Python with the arguments of each part, and print a summary of the kills; returns whether a part failed."""
    with TemporaryDirectory() as folder:
        notes = Path(folder, "kills")
        notes.touch()
        environment = os.environ | variables | {NOTES_VARIABLE: str(notes)}
        codes = [subprocess.call([sys.executable, *part], env=environment) for part in parts]
        print(summary(notes.read_text(encoding="utf-8").splitlines()))
    return any(codes)  # the code of a part that was killed itself is negative


def summary(notes: list[str]) -> str:
    """How often what was killed in each part that came to its end, and in all. notes: lines of `note_kills`."""
    lines, total = [], 0
    for part, kills in map(json.loads, notes):
        counted = Counter(kills)
        total += counted.total()
        lines.append(f"{part}: {counted.total()} kills ({', '.join(f'{count} of {kind}' for kind, count in counted.most_common())})")
    return "\n".join([*lines, f"{total} kills in all"])


if __name__ == "__main__":
    sys.exit(main())
