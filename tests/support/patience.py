"""How long the tests wait before they call something hung. No test passes or fails by a clock: a busy machine may stall for a minute."""

from __future__ import annotations

PATIENCE_S = 600.0
"""After so long something hangs."""
PATIENCE_MS = 1000 * PATIENCE_S
