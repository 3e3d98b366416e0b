"""Builds a folder of render plugin sources into one library: `python -m render.make_plugins FOLDER [-o LIBRARY]`.

Sources that cannot be compiled, or that need what is nowhere, are named with the reason, and the rest is built without
them. ROOT is the one whose root-config is on the path, else the wheel in the environment of this Python. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

RENDER = Path(__file__).resolve().parent
INCLUDES = (RENDER / "include" / "src", RENDER / "include")
BASE = RENDER / "src" / "plugin_base.cpp"
"""What the render service has for plugins, besides ROOT."""

ENDINGS = (".cc", ".cpp", ".cxx")
PARTS_OF_ROOT = ("Core", "RIO", "Hist", "Gpad", "Graf", "Graf3d", "MathCore", "Matrix", "Minuit", "Physics", "Postscript", "Tree")
LIBRARIES = [f"-l{name}" for name in PARTS_OF_ROOT]


class Root(NamedTuple):
    """How to compile for ROOT and to link with it."""

    compile: list[str]
    link: list[str]


class Built(NamedTuple):
    """The sources that are in the library, and why others are not."""

    good: list[Path]
    failed: dict[Path, str]


def find_root() -> Root:
    """ROOT's flags. Raises RuntimeError when there is none."""
    if shutil.which("root-config"):
        flags = _output("root-config", "--cflags").split()
        return Root(flags, _link_in(_output("root-config", "--libdir")))
    folder = Path(sysconfig.get_path("platlib")) / "ROOT"
    if not (folder / "include" / "TROOT.h").exists():
        raise RuntimeError(f"no ROOT: put root-config on the path, or install the package `root` into the environment of {sys.executable}")
    bundled = folder.parent / "root.libs"
    return Root(["-std=c++17", f"-isystem{folder / 'include'}"], [*_link_in(str(folder / "lib")), f"-Wl,-rpath-link,{bundled}"])


def _link_in(folder: str) -> list[str]:
    return [f"-L{folder}", f"-Wl,-rpath,{folder}"]


def build(sources: Sequence[Path], library: Path) -> Built:
    """Build `library` of those of the sources that can be built; it is not made when none can."""
    root, failed = find_root(), dict[Path, str]()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = {source: Path(folder) / f"{number}.o" for number, source in enumerate(sources)}
        base = Path(folder) / "base.o"
        _compile(BASE, base, root)
        errors = pool.map(lambda source: _compile(source, objects[source], root), sources)
        failed |= {source: error for source, error in zip(sources, errors, strict=True) if error}
        good = [source for source in sources if source not in failed]
        failed |= _unlinkable({objects[source]: source for source in good}, base, root)
        good = [source for source in good if source not in failed]
        if good:
            _link([objects[source] for source in good], library, root)
    return Built(good, failed)


def _compile(source: Path, target: Path, root: Root) -> str:
    """The first error, "" when there is none."""
    folders = [f"-I{folder}" for folder in (*INCLUDES, source.parent)]
    done = _run("c++", "-c", "-O2", "-fPIC", *root.compile, *folders, "-o", str(target), str(source))
    return "" if done.returncode == 0 else _first(done.stderr, r"(fatal )?error:.*")


def _unlinkable(sources: dict[Path, Path], base: Path, root: Root) -> dict[Path, str]:
    """The sources that need symbols that neither ROOT, nor the service, nor another source has; by the paths of their objects."""
    failed: dict[Path, str] = {}
    while sources:
        target = base.with_name("check.so")
        done = _run("c++", "-shared", "-Wl,-z,defs", "-o", str(target), *map(str, sources), str(base), *root.link, *LIBRARIES)
        if done.returncode == 0:
            break
        blamed = {item: source for item, source in sources.items() if str(item) in done.stderr}
        if not blamed:  # the linker itself is at fault, not one of the sources
            raise RuntimeError(f"the plugins cannot be linked: {done.stderr.strip()}")
        for item, source in blamed.items():
            failed[source] = _first(done.stderr[done.stderr.index(str(item)) :], r"undefined reference to .*|multiple definition of .*")
            del sources[item]
    return failed


def _link(objects: Sequence[Path], library: Path, root: Root) -> None:
    """Without the base class, which the service has; in place of the old library at once, so that a running service keeps its own.

    Of ROOT's libraries those that the service has not loaded must be named in the new one.
    """
    library.parent.mkdir(parents=True, exist_ok=True)
    new = library.with_name(f".{library.name}.{os.getpid()}")
    subprocess.run(["c++", "-shared", "-Wl,--as-needed", "-o", str(new), *map(str, objects), *root.link, *LIBRARIES], check=True)
    new.rename(library)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _first(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[0] if found else text.strip().splitlines()[0] if text.strip() else "the compiler gave no reason"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make plugins", description="Build a folder of render plugin sources into one library.")
    parser.add_argument("folder", type=Path, help="folder of the sources (*.cc, *.cpp, *.cxx)")
    parser.add_argument("-o", "--output", type=Path, metavar="LIBRARY", help="default: build/plugins/<name of the folder>.so")
    given = parser.parse_args()
    folder = given.folder.resolve()
    library = (given.output or RENDER.parent / "build" / "plugins" / f"{folder.name}.so").absolute()
    sources = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS) if folder.is_dir() else []
    if not sources:
        parser.error(f"there are no plugin sources in {folder}")
    built = build(sources, library)
    for source, reason in built.failed.items():
        print(f"failed  {source.name}: {reason}")
    for source in built.good:
        print(f"built   {source.name}")
    if built.good:
        print(f"{len(built.good)} of {len(sources)} sources are in {library}; load it with the setting render_plugins")
    return 1 if built.failed else 0


if __name__ == "__main__":
    sys.exit(main())
