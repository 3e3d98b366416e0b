"""A loop that ends at the first error of the disk."""

from __future__ import annotations

import time
from pathlib import Path


def count(file: Path) -> None:
    """Write to a file for as long as that is possible."""
    while True:
        try:
            with file.open("a") as out:
                out.write("counted" * 100)
        except OSError:
            return
        time.sleep(0.05)
