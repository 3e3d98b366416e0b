"""Kills, crashes and damage at random: a short form in `make test`, and a long one in `make storm` (`python -m tests.storm`).

A storm takes its choices (the victim, how long to wait before the kill, the damage) from `chance`, so the same seed makes the
same choices again; where the kill finds the victim depends on the machine.
"""

from __future__ import annotations

import os
import random

TIMES = int(os.environ.get("STORM_TIMES", "1"))
"""How many times longer than in `make test` a storm is."""
SEED = int(os.environ.get("STORM_SEED", "0"))


def chance(seed: int) -> random.Random:
    """The choices of a storm; a failure shows the printed seed."""
    print(f"STORM_SEED={SEED}, seed of this storm: {SEED + seed}")
    return random.Random(SEED + seed)
