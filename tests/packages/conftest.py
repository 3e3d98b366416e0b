"""The packages, which the first worker that needs them builds for all."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from services.packaging.products import TREE
from services.rpm.build import build
from tests.packages.machine import base_package
from tests.support.shared import shared_folder


def unpack(package: Path, folder: Path, *patterns: str) -> None:
    """Unpack the files of a package whose names match, by default all, into an empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["rpm2cpio", str(package)], check=True, capture_output=True).stdout
    subprocess.run(["cpio", "-idm", "--quiet", *patterns], input=archive, check=True, cwd=folder)


QUICK = "w1.zstdio"
"""A payload for the tests, which pack and unpack it many times; that of a release is in `python -m tests.packages`."""


class Packages(NamedTuple):
    """The files of the packages."""

    base: Path
    hub: Path
    release: Path
    mirror: Path
    transfer: Path


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """All packages of this checkout, and one that provides what el8 has."""
    if not shutil.which("rpmbuild"):
        pytest.skip("rpmbuild is not on this machine (Debian package rpm); `make test` installs it")

    def make(folder: Path) -> None:
        build(folder, TREE / "build" / "wheels", payload=QUICK)
        base_package(folder)

    folder = shared_folder(tmp_path_factory, "packages", make)
    names = ("dqmhub-[0-9]", "dqmhub-release", "dqmhub-mirror", "dqmhub-transfer")
    return Packages(next(folder.glob("noarch/base-*.rpm")), *(next(folder.glob(f"{name}*.rpm")) for name in names))
