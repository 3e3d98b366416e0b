"""The same commit gives the same packages, wherever it is built, and rpmlint finds nothing in them that has no reason."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from app.core.version import VERSION
from services.packaging import manual
from services.packaging.products import PRODUCTS, TREE, version
from services.packaging.wheels import fetch, pins
from services.rpm.build import SPECIFICATIONS, pack, rpm_version, stage_product
from tests.packages.conftest import QUICK, Packages, unpack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def elsewhere(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second build in another folder; of the release only our own files with one package, `python -m tests.packages` makes all."""
    work = tmp_path_factory.mktemp("elsewhere") / "deeper"
    query = ["rpm", "-qp", "--qf", "%{BUILDTIME}", str(packages.release)]
    time = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", time)
        for product in PRODUCTS[1:]:
            stage_product(product, work / "stage", TREE / "build" / "wheels", TREE)
    own = f"./opt/dqmhub/{VERSION}"
    unpack(packages.release, work / "unpacked", f"{own}/[!l]*", f"{own}/lib/*/markupsafe/*")
    (work / "unpacked" / own).rename(work / "stage" / "dqmhub")
    manual.write(work / "stage" / "dqmhub", work / "stage" / "man", int(time))
    for name in SPECIFICATIONS:
        pack(name, work, version(), int(time), QUICK)
    return work / "rpms"


def test_two_builds_in_different_folders_are_the_same(packages: Packages, elsewhere: Path) -> None:
    for package in (packages.hub, packages.mirror, packages.transfer):
        (again,) = elsewhere.glob(f"*/{package.name}")
        assert again.read_bytes() == package.read_bytes(), package.name


def test_rpmlint_finds_nothing_that_has_no_reason(elsewhere: Path) -> None:
    if not shutil.which("rpmlint"):
        pytest.skip("rpmlint is not on this machine (Debian package rpmlint)")
    command = ["rpmlint", "-c", str(TREE / "services/rpm/rpmlint.toml"), *map(str, elsewhere.glob("*/*.rpm"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert [line for line in done.stdout.splitlines() if ": E: " in line or ": W: " in line] == []
    assert "4 packages and 0 specfiles checked; 0 errors, 0 warnings" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.1.0", "0.1.0"), ("0.2.0rc1", "0.2.0~rc1"), ("1.10.0b12", "1.10.0~b12"), ("0.2.0.dev1", "0.2.0~dev1")],
)
def test_a_version_before_a_release_is_older_than_it_for_rpm(text: str, expected: str) -> None:
    assert rpm_version(text) == expected


def test_wheels_are_those_of_the_lock_and_are_not_fetched_twice(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, cache = TREE / "requirements/run.txt", TREE / "build/wheels"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    wheels = fetch(lock, cache)
    assert [hashlib.sha256(wheel.read_bytes()).hexdigest() in pin.hashes for wheel, pin in zip(sorted(wheels), pins(lock), strict=True)]
    assert not [wheel.name for wheel in wheels if wheel.name.startswith(("pip-", "setuptools-"))]
    assert any(wheel.name.startswith("async_timeout-") for wheel in wheels), "the first Python 3.11 of el8 needs it"
