"""bootstrap.py installs missing Debian packages, or prints the command for it."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

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


def make_wheel(folder: Path) -> Path:
    """A wheel with an empty package `thing`."""
    path, info = folder / "thing-1.0-py3-none-any.whl", "thing-1.0.dist-info"
    with ZipFile(path, "w") as wheel:
        wheel.writestr("thing.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"thing.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path


def test_a_package_with_another_hash_is_not_installed(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    for folder in ("services", "requirements"):
        (tmp_path / folder).mkdir()
    shutil.copy(TREE / "services" / "bootstrap.py", tmp_path / "services")
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(name='product', version='1')\n")
    for name in ("run", "root"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"thing==1.0 --hash=sha256:{'0' * 64}\n")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    command = [sys.executable, "-c", "import bootstrap; bootstrap.install_environment(test=False)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path / "services", env=environment)
    assert done.returncode == 1
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in done.stderr  # what pip got, beside what it expected
    assert not list((tmp_path / ".venv").rglob("thing.py"))
    assert not (tmp_path / ".venv" / "installed").exists()


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
    assert done.stderr.strip() == "usage: python3 services/bootstrap.py build | run | test | bench | rpm"
