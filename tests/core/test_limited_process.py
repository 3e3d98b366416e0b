"""Limits of child processes that read files."""

from __future__ import annotations

import subprocess
import sys

from app.core.settings import TREE

LARGE_MB = 300
LARGE_PARENT = f"""
import subprocess, sys
kept = bytearray({LARGE_MB} << 20)
kept[:: 4096] = b"x" * len(kept[:: 4096])  # use the memory
code = "from app.core.limited_process import peak_memory_mb; print(peak_memory_mb())"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
"""


def test_a_child_of_a_large_process_does_not_take_the_memory_of_that_for_its_own() -> None:
    output = subprocess.run([sys.executable, "-c", LARGE_PARENT], cwd=TREE, capture_output=True, text=True, check=True).stdout
    assert 1 <= int(output) < LARGE_MB / 2
