"""The long form: `python -m tests.hosts --rounds 3` kills each host so often; further arguments go to pytest."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hosts", description="Kills each host of a hub on many hosts, under load.")
    parser.add_argument("--rounds", type=int, default=3, help="kills of each host (%(default)s)")
    known, others = parser.parse_known_args()
    command = [sys.executable, "-m", "pytest", "-s", "tests/hosts", *others]
    return subprocess.call(command, env=os.environ | {"HOSTS_ROUNDS": str(known.rounds)})


if __name__ == "__main__":
    sys.exit(main())
