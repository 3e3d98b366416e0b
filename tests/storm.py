"""The storms in their long form: `python -m tests.storm --times 20 --seed 1`; further arguments go to pytest."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description="Kills, crashes and damage at random, for long.")
    parser.add_argument("--times", type=int, default=20, help="how many times longer than in `make test` (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (%(default)s); a failure shows it")
    known, others = parser.parse_known_args()
    command = [sys.executable, "-m", "pytest", "-m", "storm", "-n", "4", "--dist", "worksteal", *others]
    return subprocess.call(command, env=os.environ | {"STORM_TIMES": str(known.times), "STORM_SEED": str(known.seed)})


if __name__ == "__main__":
    sys.exit(main())
