"""bootstrap.py installs missing Debian packages, or prints the command for it."""

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

pytestmark = pytest.mark.slow

MISSING = "dqmhub-test-no-such-package"
NOBODY = 65534


def install_packages(*names: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run bootstrap.install_packages in another process, from a copy, because `user` may be unable to read the checkout."""
    with TemporaryDirectory(prefix="dqmhub-bootstrap-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Path(shutil.copy(TREE / "services" / "bootstrap.py", folder)).chmod(0o644)
        interpreter = sys.executable if user is None else "/usr/bin/python3"
        command = [interpreter, "-c", f"import bootstrap; bootstrap.install_packages({list(names)!r})"]
        return subprocess.run(command, capture_output=True, text=True, check=False, user=user, cwd=folder)


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this is not Debian")
def test_installed_packages_are_left_alone() -> None:
    done = install_packages("base-files", "dpkg")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this is not Debian")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can switch to a user without rights")
def test_a_user_without_rights_gets_the_command() -> None:
    done = install_packages("dpkg", MISSING, user=NOBODY)
    assert done.returncode == 1
    line = shlex.split(done.stderr.strip().splitlines()[-1])
    assert line[-2:] == ["-c", f"apt-get update && apt-get install -y --no-install-recommends {MISSING}"]
    assert line[:-2] == (["sudo", "sh"] if shutil.which("sudo") else ["su", "-"])


def test_an_unknown_goal_is_refused() -> None:
    done = subprocess.run([sys.executable, TREE / "services" / "bootstrap.py", "fly"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == "usage: python3 services/bootstrap.py build | run | test | bench"
