"""Builds the render service with CMake; standard library only, so that setup.py can call it in a bare environment."""

from __future__ import annotations

import fcntl
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
    _build(tree, python)
    return binary(tree)


def build_peer(tree: Path, python: str) -> Path:
    """The same for what `make bench` compares the service with: the DQM GUI's way to a plot, which needs libpng-dev."""
    _build(tree, python, "--target", "dqmhub-bench-peer")
    return binary(tree).with_name("dqmhub-bench-peer")


def _build(tree: Path, python: str, *what: str) -> None:
    folder = binary(tree).parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would write the same files
        _configure(tree / "render", folder, python)
        subprocess.run(["cmake", "--build", str(folder), "-j", str(os.cpu_count() or 1), *what], check=True)


def _configure(source: Path, folder: Path, python: str) -> None:
    cache = folder / "CMakeCache.txt"
    configured = cache.exists() and f"PYTHON_EXECUTABLE:STRING={python}\n" in cache.read_text()
    if not configured:
        cache.unlink(missing_ok=True)  # CMake refuses the cache of a checkout that was moved
        subprocess.run(["cmake", "-S", str(source), "-B", str(folder), f"-DPYTHON_EXECUTABLE:STRING={python}"], check=True)
