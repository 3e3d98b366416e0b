"""`python -m tests.batch`: starts real batch systems, submits jobs, and compares the rows of the diary with what they must be.

As root on Debian: the systems are Debian's packages in chroots below a folder, started in namespaces of their own, so that
nothing of them is left on this machine but the folder. The first run makes the chroots, a few minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.core.settings import TREE
from tests.batch.node import CHROOTS, SYSTEMS, make_chroot


def main() -> int:
    """Make what is missing and run the tests of this folder; returns their exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.batch", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/dqmhub-batch"), help="where the chroots are (default: %(default)s)")
    parser.add_argument("--remove", action="store_true", help="remove the folder at the end")
    options, further = parser.parse_known_args()
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        parser.error("it needs root and the package debootstrap")
    for system in SYSTEMS.values():
        make_chroot(options.folder, system)
    command = [sys.executable, "-m", "pytest", "-m", "batch", "tests/batch", *further]
    code = subprocess.run(command, cwd=TREE, env=os.environ | {CHROOTS: str(options.folder)}, check=False).returncode
    if options.remove:
        shutil.rmtree(options.folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
