"""Builds the render service with CMake; standard library only, so that setup.py can call it in a bare environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def binary(tree: Path) -> Path:
    """Where the render service of the checkout `tree` is, once built."""
    return tree / "build" / "render" / "dqmhub-render"


def build(tree: Path, python: str) -> Path:
    """Build what is out of date and give the path of the render service.

    ROOT is the one whose root-config is on the path, else the wheel in the environment of `python`. CMake's progress
    goes to standard output. Raises subprocess.CalledProcessError when CMake or the compiler fails.
    """
    folder = binary(tree).parent
    cache = folder / "CMakeCache.txt"
    configured = cache.exists() and f"PYTHON_EXECUTABLE:STRING={python}\n" in cache.read_text()
    if not configured:
        subprocess.run(
            ["cmake", "-S", str(tree / "render"), "-B", str(folder), f"-DPYTHON_EXECUTABLE:STRING={python}"], check=True
        )
    subprocess.run(["cmake", "--build", str(folder), "-j", str(os.cpu_count() or 1)], check=True)
    return binary(tree)
