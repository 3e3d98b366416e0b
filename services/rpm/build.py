"""Builds the RPM packages with rpmbuild from the specifications in this folder: the same bytes for the same commit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from services.packaging import manual
from services.packaging.products import PRODUCTS, TREE, Product, epoch, finish, make, version

HERE = Path(__file__).resolve().parent
SYSTEMD = HERE.parent / "systemd"
SPECIFICATIONS = ("dqmhub", "dqmhub-release", "dqmhub-mirror", "dqmhub-transfer")
"""In this order: the tree of a release is moved into its package."""

PAYLOAD = "w3.gzdio"
"""How files are compressed, in the words of rpmbuild: gzip, which each rpm reads."""

OF_OTHERS = ("dqmhub-mirror", "dqmhub-transfer")
"""Beginnings of the names of units that the package dqmhub does not have."""


def build(target: Path, cache: Path, source: Path = TREE, payload: str = PAYLOAD) -> list[Path]:
    """Build all packages into the folder `target`, and return them.

    Args:
        cache: Folder for downloaded wheels.
        source: The checkout.
        payload: How files are compressed.

    Raises:
        subprocess.CalledProcessError: A tool failed; its output is on standard error.
        ValueError: A file needs a newer C library than el8 has.
    """
    work = target / "work"
    shutil.rmtree(work, ignore_errors=True)
    stage(work / "stage", cache, source)
    for name in SPECIFICATIONS:
        pack(name, work, version(source), epoch(source), payload)
    built = [Path(shutil.move(path, target / path.name)) for path in sorted(work.glob("rpms/*/*.rpm"))]
    shutil.rmtree(work)
    return built


def stage(folder: Path, cache: Path, source: Path) -> None:
    """Make the trees of all products and the manual in a folder."""
    for product in PRODUCTS:
        stage_product(product, folder, cache, source)
    manual.write(folder / "dqmhub", folder / "man", epoch(source))


def stage_product(product: Product, folder: Path, cache: Path, source: Path) -> None:
    """Make the tree of one product in a folder, under its name."""
    place = f"/opt/{product.name}" + (f"/{version(source)}" if product.name == "dqmhub" else "")
    make(product, folder / product.name, cache, source)
    finish(folder / product.name, place, epoch(source))


def rpm_version(text: str) -> str:
    """A version in the words of RPM, where 1.0~rc1 and 1.0~dev1 come before 1.0."""
    return re.sub(r"\.?(a|b|rc|dev)(?=\d)", r"~\1", text)


def pack(name: str, work: Path, product_version: str, time: int, payload: str = PAYLOAD) -> None:
    """Build a package of SPECIFICATIONS from `work/stage` into `work/rpms`. Raises subprocess.CalledProcessError."""
    units = sorted(path.name for path in SYSTEMD.iterdir() if path.suffix in (".service", ".timer", ".target"))
    values = {
        "_topdir": work,
        "_rpmdir": work / "rpms",
        "_binary_payload": payload,
        "common": HERE / "common.inc",
        "sources": HERE,
        "systemd": SYSTEMD,
        "stage": work / "stage",
        "units": " ".join(unit for unit in units if not unit.startswith(OF_OTHERS)),
        "version_of_product": product_version,
        "rpm_version": rpm_version(product_version),
    }
    defines = [text for name, value in values.items() for text in ("--define", f"{name} {value}")]
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "LC_ALL": "C", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(time)}
    specification = HERE / f"{name}.spec"
    target = "noarch" if "BuildArch: noarch" in specification.read_text(encoding="utf-8") else "x86_64"
    subprocess.run(["rpmbuild", "-bb", "--quiet", "--target", target, *defines, str(specification)], check=True, env=environment, cwd=work)
