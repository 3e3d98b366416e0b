"""Builds a folder of render plugin sources into one library: `python -m render.make_plugins FOLDER [-o LIBRARY]`.

Reports sources that cannot be compiled or that need undefined symbols, with the reason, and builds the library from the
others. The sources are compiled where they see only the plugin headers of this checkout, wherever their folder is. Uses the
ROOT whose root-config is on the path, otherwise the wheel in the environment of this Python. Depends only on the standard library.
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

from render.errors import PluginBuildError, RootNotFound
from render.toolchain import find_compiler

RENDER = Path(__file__).resolve().parent
INCLUDE = RENDER / "include"
BASE_HEADER = INCLUDE / "src" / "DQMRenderPlugin.h"
PLUGIN_BASE = RENDER / "src" / "plugin_base.cpp"
"""Source of the symbols that the render service provides to plugins, in addition to ROOT."""

SUFFIXES = (".cc", ".cpp", ".cxx")
HINTS = {"boost/": "install Boost's headers (Debian: libboost-dev)"}
"""What to do if a header below a folder is missing."""

ROOT_LIBRARIES = ("Core", "RIO", "Hist", "Gpad", "Graf", "Graf3d", "MathCore", "Matrix", "Minuit", "Physics", "Postscript", "Tree")
LINK_FLAGS = [f"-l{name}" for name in ROOT_LIBRARIES]


class RootFlags(NamedTuple):
    """Compiler and linker flags for ROOT."""

    compile: list[str]
    link: list[str]


class BuildResult(NamedTuple):
    """Outcome of a build."""

    good: list[Path]
    """Sources contained in the library."""

    failed: dict[Path, str]
    """Sources that are not, with the reason."""


def find_root() -> RootFlags:
    """The flags of the installed ROOT. Raises RootNotFound."""
    if shutil.which("root-config"):
        flags = _output("root-config", "--cflags").split()
        return RootFlags(flags, _library_flags(_output("root-config", "--libdir")))
    folder = Path(sysconfig.get_path("platlib")) / "ROOT"
    if not (folder / "include" / "TROOT.h").exists():
        raise RootNotFound(f"No ROOT found: put root-config on the path, or install the package `root` for {sys.executable}")
    bundled = folder.parent / "root.libs"
    link = [*_library_flags(str(folder / "lib")), f"-Wl,-rpath-link,{bundled}"]
    return RootFlags(["-std=c++17", f"-isystem{folder / 'include'}"], link)


def _compiler() -> str:
    if compiler := find_compiler():
        return compiler
    raise PluginBuildError("No C++ compiler: install gcc-c++ (Debian: g++), or name one by the variable CXX")


def _library_flags(folder: str) -> list[str]:
    return [f"-L{folder}", f"-Wl,-rpath,{folder}"]


def build(sources: Sequence[Path], library: Path) -> BuildResult:
    """Build `library` from all sources that compile and link. Does not create it if none does. Raises PluginBuildError."""
    root, failed = find_root(), dict[Path, str]()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = {source: Path(folder) / f"{number}.o" for number, source in enumerate(sources)}
        base = Path(folder) / "base.o"
        _compile(PLUGIN_BASE, base, root, PLUGIN_BASE.parent)
        staged = {parent: _stage(parent, Path(folder) / str(number)) for number, parent in enumerate({source.parent for source in sources})}
        places = [staged[source.parent] / source.name for source in sources]
        errors = pool.map(lambda source, place: _compile(place, objects[source], root, source.parent), sources, places)
        failed |= {source: error for source, error in zip(sources, errors, strict=True) if error}
        good = [source for source in sources if source not in failed]
        failed |= _unlinkable({objects[source]: source for source in good}, base, root)
        good = [source for source in good if source not in failed]
        if good:
            _link([objects[source] for source in good], library, root)
    return BuildResult(good, failed)


def _stage(folder: Path, stage: Path) -> Path:
    """Lay out a folder of sources beside the plugin headers of this checkout, and return its place.

    A quoted #include is looked up from the folder of the file that has it, so in its own place a source would find the headers
    of the DQM GUI that it comes from, whose classes may differ.
    """
    for header_folder in INCLUDE.iterdir():
        (stage / header_folder.name).mkdir(parents=True)
        for header in header_folder.iterdir():
            (stage / header_folder.name / header.name).symlink_to(header)
    place = stage / "plugins"
    for source in sorted(path for path in folder.rglob("*") if path.is_file()):
        staged = place / source.relative_to(folder)
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.symlink_to(BASE_HEADER if source.name == BASE_HEADER.name else source.absolute())
    return place


def _compile(source: Path, target: Path, root: RootFlags, folder: Path) -> str:
    """Compile one source, which also includes headers by their place from `folder`. Returns the first error, "" if there is none.

    The base header is included first, so that a foreign one is an error and never mixed with it.
    """
    folders = [f"-I{path}" for path in (BASE_HEADER.parent, INCLUDE, folder)]
    done = _run(_compiler(), "-c", "-O2", "-fPIC", *root.compile, "-include", str(BASE_HEADER), *folders, "-o", str(target), str(source))
    if done.returncode == 0:
        return ""
    error = _first_match(done.stderr, r"(fatal )?error:.*")
    return error + "".join(f"; {hint}" for header, hint in HINTS.items() if f"fatal error: {header}" in error)


def _unlinkable(sources: dict[Path, Path], base: Path, root: RootFlags) -> dict[Path, str]:
    """The sources that need symbols defined neither by ROOT, the service nor another source, with the linker's message.

    `sources` maps object files to sources; objects that cannot be linked are removed from it.
    """
    failed: dict[Path, str] = {}
    while sources:
        target = base.with_name("check.so")
        done = _run(_compiler(), "-shared", "-Wl,-z,defs", "-o", str(target), *map(str, sources), str(base), *root.link, *LINK_FLAGS)
        if done.returncode == 0:
            break
        named = {item: source for item, source in sources.items() if str(item) in done.stderr}
        if not named:  # the error is not in one of the sources
            raise PluginBuildError(f"The plugins cannot be linked: {done.stderr.strip()}")
        for item, source in named.items():
            failed[source] = _first_match(
                done.stderr[done.stderr.index(str(item)) :], r"undefined reference to .*|multiple definition of .*"
            )
            del sources[item]
    return failed


def _link(objects: Sequence[Path], library: Path, root: RootFlags) -> None:
    """Link the library without the base class, which the service provides.

    The new library replaces an old one atomically, so that a running service keeps the old one. It is linked against ROOT's
    libraries, because the service has not loaded all of them.
    """
    library.parent.mkdir(parents=True, exist_ok=True)
    new = library.with_name(f".{library.name}.{os.getpid()}")
    subprocess.run([_compiler(), "-shared", "-Wl,--as-needed", "-o", str(new), *map(str, objects), *root.link, *LINK_FLAGS], check=True)
    new.rename(library)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _first_match(text: str, pattern: str) -> str:
    """The first match of `pattern` in the compiler's output, otherwise its first line."""
    match = re.search(pattern, text)
    return match[0] if match else text.strip().splitlines()[0] if text.strip() else "the compiler printed no error"


def sources_of(folder: Path) -> list[Path]:
    """The plugin sources in a folder. Raises PluginBuildError if there is none."""
    sources = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES) if folder.is_dir() else []
    if not sources:
        raise PluginBuildError(f"No plugin sources in {folder}")
    return sources


def build_folder(folder: Path, library: Path) -> int:
    """Build the plugins of a folder and print the result. Returns the exit code: 1 if a source could not be built."""
    sources = sources_of(folder)
    result = build(sources, library)
    for source, reason in result.failed.items():
        print(f"failed  {source.name}: {reason}")
    for source in result.good:
        print(f"built   {source.name}")
    if result.good:
        print(f"Built {len(result.good)} of {len(sources)} sources into {library}; load it with the setting render_plugins")
    return 1 if result.failed else 0


def main() -> int:
    """Build the plugins that the command line names. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make plugins", description="Build a folder of render plugin sources into one library.")
    parser.add_argument("folder", type=Path, help="folder of the sources (*.cc, *.cpp, *.cxx)")
    parser.add_argument("-o", "--output", type=Path, metavar="LIBRARY", help="default: build/plugins/<name of the folder>.so")
    args = parser.parse_args()
    folder = args.folder.resolve()
    try:
        return build_folder(folder, (args.output or RENDER.parent / "build" / "plugins" / f"{folder.name}.so").absolute())
    except PluginBuildError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
