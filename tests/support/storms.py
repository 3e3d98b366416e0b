"""Kills, crashes and damage at random: a short form in `make test`, and a long one in `make storm` (`python -m tests.storm`).

A storm takes its choices (the victim, how long to wait before the kill, the damage) from `chance`, so the same seed makes the
same choices again; where the kill finds the victim depends on the machine.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from pathlib import Path

TIMES = int(os.environ.get("STORM_TIMES", "1"))
"""How many times longer than in `make test` a storm is."""
SEED = int(os.environ.get("STORM_SEED", "0"))
NOTES_VARIABLE = "STORM_NOTES"
"""Names the file to which storms add what they killed, for the summary of `python -m tests.kills`."""


def chance(seed: int) -> random.Random:
    """The choices of a storm; a failure shows the printed seed."""
    print(f"STORM_SEED={SEED}, seed of this storm: {SEED + seed}")
    return random.Random(SEED + seed)


def note_kills(part: str, kills: Mapping[str, int]) -> None:
    """Print how often each kind of process was killed, and add it to the file of NOTES_VARIABLE."""
    print(f"kills, {part}: {dict(kills)}")
    if file := os.environ.get(NOTES_VARIABLE):
        with Path(file).open("a", encoding="utf-8") as notes:
            notes.write(json.dumps([part, dict(kills)]) + "\n")
