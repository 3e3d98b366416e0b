"""Third-party packages: wheels in the versions and with the hashes of requirements/, for the oldest system that we support."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from packaging.markers import Marker

PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
"""Tags of wheels that run with the C library of el8; pip does not derive the older ones from the first."""

TARGET = {"python_full_version": "3.11.0", "python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64"}
"""The Python for which the markers of the lock are evaluated: the first 3.11, so that packages that only it needs are included."""

LEFT_OUT = ("pip", "setuptools")
"""Packages that only install others."""

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Pin(NamedTuple):
    """One package of a lock."""

    requirement: str  # name==version
    hashes: frozenset[str]


def pins(lock: Path) -> Iterator[Pin]:
    """The packages of a lock that an installed product needs."""
    for line in lock.read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        found = re.match(r"(([\w.-]+)==\S+)(?: ; ([^-]*))?", line)
        if found and found[2] not in LEFT_OUT and (not found[3] or Marker(found[3].strip()).evaluate(TARGET)):
            yield Pin(found[1], frozenset(HASH.findall(line)))


def fetch(lock: Path, cache: Path) -> list[Path]:
    """The wheels of a lock, from the folder `cache` or, if they are not there, from PyPI.

    Raises subprocess.CalledProcessError if pip cannot get one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    wanted = list(pins(lock))
    known = _by_hash(cache)
    if missing := [pin for pin in wanted if not pin.hashes & known.keys()]:
        _download(missing, cache)
        known = _by_hash(cache)
    return sorted(known[next(iter(pin.hashes & known.keys()))] for pin in wanted)


def _by_hash(cache: Path) -> dict[str, Path]:
    return {hashlib.sha256(wheel.read_bytes()).hexdigest(): wheel for wheel in cache.glob("*.whl")}


def _download(missing: Iterable[Pin], cache: Path) -> None:
    with TemporaryDirectory() as folder:
        names = Path(folder, "requirements.txt")
        lines = (" ".join([pin.requirement, *(f"--hash=sha256:{value}" for value in sorted(pin.hashes))]) for pin in missing)
        names.write_text("\n".join(lines), encoding="utf-8")
        platforms = [text for platform in PLATFORMS for text in ("--platform", platform)]
        kind = ["--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp", *platforms]
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, *kind, "-r", str(names), "-d", str(cache)], check=True)


def unpack(wheels: Iterable[Path], site: Path) -> None:
    """Unpack wheels into the folder of packages `site`, without their console scripts.

    Raises ValueError if a wheel wants to have files elsewhere.
    """
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for item in archive.infolist():
                if ".data/scripts/" in item.filename or item.is_dir():
                    continue
                if ".data/" in item.filename:
                    raise ValueError(f"{wheel.name} has {item.filename}, which does not belong into a folder of packages")
                path = Path(archive.extract(item, site))
                path.chmod(0o755 if item.external_attr >> 16 & 0o100 else 0o644)
