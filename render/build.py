"""Builds the render service with CMake. Uses only the standard library, so that setup.py can call it in a bare environment."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path


def binary(tree: Path) -> Path:
    """Path of the render service built in the checkout `tree`."""
    return tree / "build" / "render" / "dqmhub-render"


def build(tree: Path, python: str) -> Path:
    """Build the outdated parts of the render service and return its path.

    Uses the ROOT whose root-config is on the path, otherwise the wheel in the environment of `python`. CMake reports
    progress on standard output. Raises subprocess.CalledProcessError if CMake or the compiler fails.
    """
    _build(tree, python)
    return binary(tree)


def build_peer(tree: Path, python: str) -> Path:
    """Build the re-implementation of the DQM GUI's renderer for `make bench` and return its path. Requires libpng-dev."""
    _build(tree, python, "--target", "dqmhub-bench-peer")
    return binary(tree).with_name("dqmhub-bench-peer")


def _build(tree: Path, python: str, *options: str) -> None:
    folder = binary(tree).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # concurrent builds would write the same files
        _configure(tree / "render", folder, python)
        subprocess.run(["cmake", "--build", str(folder), "-j", str(os.cpu_count() or 1), *options], check=True)


def _configure(source: Path, folder: Path, python: str) -> None:
    cache = folder / "CMakeCache.txt"
    configured = cache.exists() and f"PYTHON_EXECUTABLE:STRING={python}\n" in cache.read_text()
    if not configured:
        cache.unlink(missing_ok=True)  # CMake rejects the cache of a moved checkout
        subprocess.run(["cmake", "-S", str(source), "-B", str(folder), f"-DPYTHON_EXECUTABLE:STRING={python}"], check=True)
