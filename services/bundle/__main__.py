"""`python -m services.bundle [FOLDER]`: writes the bundle into build/bundle, the same bytes for the same commit."""

from __future__ import annotations

import gzip
import shutil
import sys
import tarfile
from pathlib import Path

from services.packaging.products import PRODUCTS, TREE, epoch, finish, make, version


def build(target: Path, cache: Path, source: Path = TREE) -> Path:
    """Write the bundle of a hub into the folder `target`, and return it.

    Args:
        cache: Folder for downloaded wheels.
        source: The checkout.

    Raises:
        subprocess.CalledProcessError: A tool failed; its output is on standard error.
        ValueError: A file needs a newer C library than el8 has.
    """
    name, time = f"dqmhub-{version(source)}", epoch(source)
    work = target / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    make(PRODUCTS[0], work / version(source), cache, source)
    add_programs(work, source)
    finish(work, "/opt/dqmhub", time)
    bundle = target / f"{name}.tar.gz"
    pack(work, name, bundle)
    shutil.rmtree(work)
    return bundle


def add_programs(folder: Path, source: Path = TREE) -> None:
    """Put what installs the release of the bundle beside it."""
    for part in ("services/bundle/install.sh", "services/rpm/dqmhub.toml", "app/ops/preflight.py"):
        shutil.copy(source / part, folder)


def pack(folder: Path, name: str, target: Path) -> None:
    """Write a folder, under a name, into an archive: the same bytes for the same files, which all are root's."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=3, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            archive.add(path, f"{name}/{path.relative_to(folder)}", recursive=False, filter=_of_root)


def _of_root(item: tarfile.TarInfo) -> tarfile.TarInfo:
    item.uid = item.gid = 0
    item.uname = item.gname = "root"
    return item


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else TREE / "build" / "bundle").absolute()
    print(build(folder, TREE / "build" / "wheels"))
