"""Renews requirements/: the exact version of each Python package, and the SHA-256 of its files, which pip checks.

Packages keep their versions unless they are named, or `all` is. Usage: .venv/bin/python -m services.lock [all | PACKAGE...]

The tool is uv. Its variables work, so without a connection: UV_NO_INDEX=1 UV_FIND_LINKS=/folder/of/wheels, or UV_OFFLINE=1 for
what it has fetched before.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

TREE = Path(__file__).resolve().parent.parent
FOLDER = TREE / "requirements"
HEADER = "# Written by `python -m services.lock`; services/bootstrap.py installs it.\n"

RUN_EXTRAS = ("install", "mysql", "postgresql", "redis", "simulator", "xrootd")
"""What is always installed beside the dependencies."""

MIRROR = ("bottle", "cryptography", "gunicorn", "pip")
"""What a mirror alone needs, in the versions of the product."""


def main(upgraded: list[str]) -> None:
    """Write all files of requirements/, with newer versions of these packages or of `all`."""
    FOLDER.mkdir(exist_ok=True)
    upgrades = ["--upgrade"] if upgraded == ["all"] else [part for name in upgraded for part in ("--upgrade-package", name)]
    with TemporaryDirectory() as folder:
        known, names = Path(folder, "pins.txt"), Path(folder, "mirror.in")
        known.write_text("".join(line for path in sorted(FOLDER.glob("*.txt")) for line in pins(path)))
        names.write_text("\n".join(MIRROR))
        _compile(known, ["setup.py", "--all-extras", *upgrades])
        run = ["setup.py", *_extras(*RUN_EXTRAS)]
        _write("run", known, run)
        own = [part for line in pins(FOLDER / "run.txt") for part in ("--no-emit-package", line.partition("==")[0])]
        _write("test", known, [*run, *_extras("test"), *own])
        _write("root", known, [*run, *_extras("root"), *own])
        _write("mirror", known, [str(names)])


def _extras(*names: str) -> list[str]:
    return [part for name in names for part in ("--extra", name)]


def pins(path: Path) -> list[str]:
    """The lines of a file with names, versions and markers, without hashes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removesuffix("\\").rstrip() + "\n" for line in lines if "==" in line and line[0] not in " #"]


def _write(name: str, known: Path, arguments: list[str]) -> None:
    target = FOLDER / f"{name}.txt"
    found = known.with_name(target.name)
    _compile(found, [*arguments, "--generate-hashes", "--constraints", str(known)])
    target.write_text(HEADER + found.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"{target.relative_to(TREE)}: {len(pins(target))} packages")


def _compile(target: Path, arguments: list[str]) -> None:
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "-q",
        "--universal",
        "--python-version",
        "3.11",
        "--no-header",
        "--no-annotate",
    ]
    subprocess.run([*command, "-o", str(target), *arguments], cwd=TREE, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
