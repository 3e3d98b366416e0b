"""Installed releases of the product: a tree of its own for each version, which runs with the packages of the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from app.core.installation import Release
from app.core.settings import TREE, Settings
from tests.support.processes import environment

FOLDERS = ("app", "jobs", "protocol", "render", "migrations", "static", "templates")
LAUNCHER = """#!/bin/sh
tree=$(dirname "$(dirname "$(readlink -f "$0")")")
export PYTHONPATH="$tree"
exec {python} -P -m app.cli "$@"
"""


def make_release(prefix: Path, version: str, files: Mapping[str, str] = {}) -> Release:
    """Install this tree as a version. files: contents of files that differ, by path."""
    made = Release(prefix, version)
    for folder in FOLDERS:
        shutil.copytree(TREE / folder, made.folder / folder, copy_function=_link)
    _link(str(TREE / "wsgi.py"), str(made.folder / "wsgi.py"))
    launcher = LAUNCHER.format(python=sys.executable)
    for name, content in {"app/core/version.py": f'VERSION = "{version}"\n', "bin/dqmhub": launcher, **files}.items():
        path = made.folder / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)  # not the file that it is a link to
        path.write_text(content)
    made.launcher.chmod(0o755)
    return made


def run_release(made: Release, settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a release."""
    return subprocess.run(
        [made.launcher, *arguments], env=environment(settings), cwd=made.prefix, capture_output=True, text=True, check=False
    )


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)
