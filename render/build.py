"""Builds the render service with CMake, and says where it is. Uses only the standard library, as setup.py calls it in a bare environment."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

from render.toolchain import Toolchain, find


def binary(tree: Path) -> Path:
    """Path of the render service built for the checkout or the installed release `tree`: each release has its own."""
    return tree / "build" / "render" / "dqmhub-render"


def build(tree: Path, python: str) -> Path:
    """Build the outdated parts of the render service and return its path.

    Uses the ROOT whose root-config is on the path, otherwise the wheel in the environment of `python`. CMake reports
    progress on standard output. Raises ToolsMissing, and subprocess.CalledProcessError if CMake or the compiler fails.
    """
    _build(tree, python)
    return binary(tree)


def build_peer(tree: Path, python: str) -> Path:
    """Build the re-implementation of the DQM GUI's renderer for `make bench` and return its path. Requires libpng-dev."""
    _build(tree, python, "--target", "dqmhub-bench-peer")
    return binary(tree).with_name("dqmhub-bench-peer")


def _build(tree: Path, python: str, *options: str) -> None:
    folder = binary(tree).parent
    toolchain = find(python)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # concurrent builds would write the same files
        _configure(tree / "render", folder, python, toolchain)
        subprocess.run(["cmake", "--build", str(folder), "-j", str(os.cpu_count() or 1), *options], check=True)


def _configure(source: Path, folder: Path, python: str, toolchain: Toolchain) -> None:
    cache, record = folder / "CMakeCache.txt", folder / "toolchain"
    configured = cache.exists() and f"PYTHON_EXECUTABLE:STRING={python}\n" in cache.read_text()
    wanted = "\n".join(toolchain)
    if configured and (not record.exists() or record.read_text() == wanted):
        return
    cache.unlink(missing_ok=True)  # CMake rejects the cache of a moved checkout, and keeps an old compiler and ROOT
    environment = os.environ | {"CXX": toolchain.compiler}
    command = ["cmake", "-S", str(source), "-B", str(folder), f"-DPYTHON_EXECUTABLE:STRING={python}"]
    subprocess.run(command, check=True, env=environment)
    record.write_text(wanted)
