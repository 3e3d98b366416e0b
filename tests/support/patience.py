"""How long the tests wait before they call something hung: longer on a slow or busy machine. No test passes or fails by a clock."""

from __future__ import annotations

import os
import time

QUIET_S = 90.0
"""Patience on a quiet machine of the usual speed."""
TURNS = 300_000
USUAL_S = 0.01
"""What that many turns of a loop take there."""
MOST = 8.0


def slowness() -> float:
    """How many times slower than usual this process gets on: by a loop that is timed, or by the load of each core."""
    start = time.perf_counter()
    for _ in range(TURNS):
        pass
    took = time.perf_counter() - start
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(MOST, max(1.0, took / USUAL_S, load))


PATIENCE_S = QUIET_S * slowness()
"""After so long something hangs."""
PATIENCE_MS = 1000 * PATIENCE_S
