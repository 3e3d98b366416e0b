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


def run_step(folder: Path, name: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run bootstrap.step with a Python script as its command, from a copy in a folder."""
    (folder / "services").mkdir()
    shutil.copy(TREE / "services" / "bootstrap.py", folder / "services")
    command = [sys.executable, "-c", f"import bootstrap; bootstrap.step({name!r}, {[sys.executable, '-c', script]!r})"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder / "services")


def test_a_step_shows_its_name_and_keeps_the_output_of_its_command(tmp_path: Path) -> None:
    done = run_step(tmp_path, "Debian packages", "import sys; print('Unpacking wget'); print('debconf: hm', file=sys.stderr)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "-- Debian packages\n", "")
    log = (tmp_path / "build" / "bootstrap.log").read_text()
    assert "Unpacking wget" in log
    assert "debconf: hm" in log


def test_a_failed_step_shows_the_end_of_its_output_and_names_the_file_with_all_of_it(tmp_path: Path) -> None:
    done = run_step(tmp_path, "Debian packages", "import sys; [print('line', number) for number in range(100)]; sys.exit('E: no space')")
    assert (done.returncode, done.stdout) == (1, "-- Debian packages\n")
    shown, log = done.stderr.splitlines(), tmp_path / "build" / "bootstrap.log"
    assert "line 50" not in shown
    assert "E: no space" in shown
    assert "-- Debian packages failed with code 1" in shown[-2]
    assert shown[-1] == f"-- Its output is in {log}"
    assert "line 50" in log.read_text().splitlines()


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
