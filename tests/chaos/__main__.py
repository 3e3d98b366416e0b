"""The harness by hand: `python -m tests.chaos --fault full-disk --area trends --long`; further arguments go to pytest."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from app.areas import AREAS
from tests.chaos.faults import FAULTS

LONG = 5
"""Addresses of each route in the long form."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Lets all areas of the product live through faults.")
    parser.add_argument("--area", default="", choices=[area.name for area in AREAS], help="fail for this area only")
    parser.add_argument(
        "--fault",
        default="",
        choices=["roles", "hostile-text", *(fault.name for fault in FAULTS), "long-transactions"],
        help="this fault only",
    )
    parser.add_argument("--long", action="store_true", help=f"{LONG} addresses of each route instead of one")
    known, others = parser.parse_known_args()
    command = [sys.executable, "-m", "pytest", "-s", "tests/chaos", *others]
    chosen = {"CHAOS_AREA": known.area, "CHAOS_FAULT": known.fault, "CHAOS_MOST": str(LONG if known.long else 1)}
    return subprocess.call(command, env=os.environ | chosen)


if __name__ == "__main__":
    sys.exit(main())
