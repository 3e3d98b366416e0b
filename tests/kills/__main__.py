"""The kills by one command: `python -m tests.kills --loops 500 --seed 1`; further arguments go to pytest.

Three parts, one after the other: the processes of a hub with a mirror while files are registered and imported; the chain from the
simulated P5 to the pages; the transfer on the hosts of a small online site, each of its modes at each kind of step.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

CHAIN_PART, TRANSFER_TIMES = 0.2, 20
"""The part of the loops that the chain has, of four services, and how many times longer than in the suite the transfer is."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description="Kills all processes of the product again and again.")
    parser.add_argument("--loops", type=int, default=500, help="kills of processes of the hub and the chain (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random choices (%(default)s)")
    known, others = parser.parse_known_args()
    chain = max(1, round(CHAIN_PART * known.loops / 4))
    transfer = TRANSFER_TIMES if known.loops >= 500 else 1
    variables = {
        "KILLS_LOOPS": str(known.loops - 4 * chain),
        "STORM_SEED": str(known.seed),
        "STORM_TIMES": str(transfer),
    }
    commands = [
        ["-m", "pytest", "-s", "tests/kills", *others],
        ["-m", "tests.square.chain", "--kills", str(chain), "--seed", str(known.seed)],
        ["-m", "pytest", "-s", "tests/transfer/site/test_kills.py", *others],
    ]
    return max([subprocess.call([sys.executable, *command], env=os.environ | variables) for command in commands])


if __name__ == "__main__":
    sys.exit(main())
