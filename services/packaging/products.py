"""The products, and the installable tree of each: our files, third-party packages, and a launcher."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from services import sbom
from services.packaging import documents, elf, wheels

TREE = Path(__file__).resolve().parents[2]
SITE = Path("lib", "python3.11", "site-packages")
LAUNCHER = Path(__file__).with_name("launcher.sh")
PYTHON = "/usr/bin/python3.11"
"""Where el8 and el9 have it."""


@dataclass(frozen=True)
class Product:
    """What is installed together."""

    name: str  # also that of its command
    module: str  # what the command runs
    parts: tuple[str, ...]  # files and folders of the checkout


PRODUCTS = (
    Product(
        "dqmhub",
        "app.cli",
        (
            *("app", "jobs", "protocol", "render", "templates", "static", "migrations", "docs", "wsgi.py", "Procfile"),
            *("services/__init__.py", "services/restarting.sh", "services/mirror", "services/transfer", "services/simulator"),
            *("services/systemd", "services/monitoring", "LICENSE", "CHANGELOG.md"),
        ),
    ),
    Product("dqmhub-mirror", "services.mirror", ("protocol", "services/__init__.py", "services/mirror", "LICENSE")),
    Product("dqmhub-transfer", "services.transfer", ("services/__init__.py", "services/transfer", "LICENSE")),
)


def make(product: Product, target: Path, cache: Path, source: Path = TREE) -> None:
    """Make the tree of a product in the folder `target`, which must not exist: the same bytes and times for the same commit.

    Args:
        cache: Folder for downloaded wheels.
        source: The checkout.

    Raises:
        ValueError: A file needs a newer C library than el8 has.
        subprocess.CalledProcessError: Git, pip or Python failed.
    """
    _copy(source, product.parts, target)
    if "docs" in product.parts:
        documents.write(target / "docs")
    site = target / SITE
    site.mkdir(parents=True)
    if lock := sbom.LOCKS[product.name]:
        wheels.unpack(wheels.fetch(source / "requirements" / lock, cache), site)
    (site / "dqmhub.pth").write_text("../../..\n", encoding="utf-8")  # the tree itself, relative to this folder
    (target / "pyvenv.cfg").write_text("include-system-site-packages = false\n", encoding="utf-8")
    (target / "bin").mkdir()
    (target / "bin" / "python3.11").symlink_to(PYTHON)
    launcher = target / "bin" / product.name
    launcher.write_text(LAUNCHER.read_text(encoding="utf-8").replace("@MODULE@", product.module), encoding="utf-8")
    launcher.chmod(0o755)
    contents = sbom.document(product.name, site if lock else None)
    (target / "sbom.json").write_text(json.dumps(contents, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if found := elf.too_new(target):
        raise ValueError("\n".join(f"{path.relative_to(target)} needs {', '.join(needed)}" for path, needed in found.items()))


def finish(target: Path, place: str, epoch: int) -> None:
    """Give all files one time and the usual modes, and compile the Python files as of the folder `place`."""
    _settle(target, epoch)
    command = [python(), "-m", "compileall", "-q", "-j", "1", "-s", str(target), "-p", place, "--invalidation-mode", "timestamp"]
    subprocess.run([*command, str(target)], check=True, env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"})
    _settle(target, epoch)


def python() -> str:
    """A Python 3.11: compiled files are of one version."""
    return sys.executable if sys.version_info[:2] == (3, 11) else "python3.11"


def epoch(source: Path = TREE) -> int:
    """The time of all files: SOURCE_DATE_EPOCH, or that of the commit."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _git(source, "log", "-1", "--format=%ct"))


def version(source: Path = TREE) -> str:
    """The version of the checkout."""
    text = (source / "app" / "core" / "version.py").read_text(encoding="utf-8")
    return text.rpartition('VERSION = "')[2].partition('"')[0]


def _copy(source: Path, parts: Iterable[str], target: Path) -> None:
    """Copy files that git knows, in the state that they have."""
    for name in _git(source, "ls-files", "-z", "--", *parts).split("\0"):
        path = source / name
        if name and path.exists():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if os.access(path, os.X_OK) else 0o644)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout


def _settle(folder: Path, time: int) -> None:
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (time, time), follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
