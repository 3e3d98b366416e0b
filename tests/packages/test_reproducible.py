"""The same commit gives the same packages, wherever it is built, and rpmlint finds nothing in them that has no reason."""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from app.core.version import VERSION
from services.packaging.products import TREE, epoch, version
from services.packaging.wheels import fetch, pins
from services.rpm.build import pack, rpm_version, stage
from tests.packages.conftest import Packages

pytestmark = pytest.mark.slow


def test_two_builds_in_different_folders_are_the_same(packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = ["rpm", "-qp", "--qf", "%{BUILDTIME}", str(packages.release)]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", subprocess.run(query, check=True, capture_output=True, text=True).stdout)
    work = tmp_path / "elsewhere" / "deeper"
    stage(work / "stage", TREE / "build" / "wheels", TREE)
    files = described(work / "stage" / "dqmhub")  # packing it again would take the time of all other tests together
    dump = subprocess.run(["rpm", "-qp", "--dump", str(packages.release)], check=True, capture_output=True, text=True).stdout
    packed = {}
    for line in dump.splitlines():
        path, _, mtime, digest, mode, *_ = line.rsplit(" ", 10)
        if not stat.S_ISDIR(int(mode, 8)):
            packed[path.removeprefix(f"/opt/dqmhub/{VERSION}/")] = (int(mtime), digest.strip("0"), int(mode, 8))
    assert files == packed
    for name in ("dqmhub", "dqmhub-mirror", "dqmhub-transfer"):
        pack(name, work, version(), epoch())
    for package in (packages.hub, packages.mirror, packages.transfer):
        (again,) = work.glob(f"rpms/*/{package.name}")
        assert again.read_bytes() == package.read_bytes(), package.name


def described(folder: Path) -> dict[str, tuple[int, str, int]]:
    """Time, digest and mode of each file of a tree."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        if not path.is_dir():
            digest = "" if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest().strip("0")
            found[str(path.relative_to(folder))] = (int(status.st_mtime), digest, status.st_mode)
    return found


def test_rpmlint_finds_nothing_that_has_no_reason(packages: Packages) -> None:
    if not shutil.which("rpmlint"):
        pytest.skip("rpmlint is not on this machine (Debian package rpmlint)")
    command = ["rpmlint", "-c", str(TREE / "services/rpm/rpmlint.toml"), *map(str, packages[1:])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if ": E: " in line or ": W: " in line] == []
    assert "4 packages and 0 specfiles checked; 0 errors, 0 warnings" in done.stdout


@pytest.mark.parametrize(("text", "expected"), [("0.1.0", "0.1.0"), ("0.2.0rc1", "0.2.0~rc1"), ("1.10.0b12", "1.10.0~b12")])
def test_a_version_before_a_release_comes_before_it_in_the_words_of_rpm(text: str, expected: str) -> None:
    assert rpm_version(text) == expected


def test_wheels_are_those_of_the_lock_and_are_not_fetched_twice(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, cache = TREE / "requirements/run.txt", TREE / "build/wheels"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheels = fetch(lock, cache)
    assert [hashlib.sha256(wheel.read_bytes()).hexdigest() in pin.hashes for wheel, pin in zip(sorted(wheels), pins(lock), strict=True)]
    assert not [wheel.name for wheel in wheels if wheel.name.startswith(("pip-", "setuptools-"))]
    assert any(wheel.name.startswith("async_timeout-") for wheel in wheels), "the first Python 3.11 of el8 needs it"
