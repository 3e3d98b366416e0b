"""Making a checkout ready: who may install Debian packages has them installed, everybody else is told the one line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.settings import TREE

MISSING = "dqmhub-test-no-such-package"
NOBODY = 65534


def packages(*names: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """bootstrap.packages in a process of its own; of a user who may not be able to read the checkout, so from a copy."""
    with TemporaryDirectory(prefix="dqmhub-bootstrap-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Path(shutil.copy(TREE / "services" / "bootstrap.py", folder)).chmod(0o644)
        interpreter = sys.executable if user is None else "/usr/bin/python3"
        command = [interpreter, "-c", f"import bootstrap; bootstrap.packages({list(names)!r})"]
        return subprocess.run(command, capture_output=True, text=True, check=False, user=user, cwd=folder)


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this is not Debian")
def test_packages_that_are_there_are_left_alone() -> None:
    done = packages("base-files", "dpkg")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this is not Debian")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not install packages")
def test_who_may_not_install_packages_is_told_the_one_line() -> None:
    done = packages("dpkg", MISSING, user=NOBODY)
    assert done.returncode == 1
    line = shlex.split(done.stderr.strip().splitlines()[-1])
    assert line[-2:] == ["-c", f"apt-get update && apt-get install -y --no-install-recommends {MISSING}"]
    assert line[:-2] == (["sudo", "sh"] if shutil.which("sudo") else ["su", "-"])


def test_an_unknown_goal_is_refused_with_those_there_are() -> None:
    done = subprocess.run([sys.executable, TREE / "services" / "bootstrap.py", "fly"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "usage: python3 services/bootstrap.py build | run | test | bench"
