"""The tools that build the render service: CMake, a C++ compiler, and ROOT. Uses only the standard library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import NamedTuple

from render.errors import ToolsMissing

ROOT_HINT = (
    "ROOT: put its root-config on the path, for example by entering a CMSSW release with `cmsenv`, "
    "or name a Python whose environment has the package `root`"
)
HEADERS = {"zlib.h": "zlib-devel (Debian: zlib1g-dev)"}
"""Headers that a build needs beside those of ROOT, and the package that has each."""


class Toolchain(NamedTuple):
    """The tools of a build; another toolchain needs a new build."""

    compiler: str
    root: str  # the folder and version that root-config prints, or the folder of the wheel


def find(python: str) -> Toolchain:
    """The tools on the path, with the compiler that CXX names, or that ROOT was built with if it is there.

    Args:
        python: The Python whose environment has the wheel `root`, where no root-config is on the path.

    Raises:
        ToolsMissing: with all that is missing, and where it comes from.
    """
    missing = [f"{name} (package {name})" for name in ("cmake", "make") if not shutil.which(name)]
    compiler = find_compiler()
    if not compiler:
        missing.append("a C++ compiler (package gcc-c++, Debian: g++), or name one by the variable CXX")
    else:
        missing += [f"{header} (package {package})" for header, package in HEADERS.items() if not _has_header(compiler, header)]
    if not (root := _root(python)):
        missing.append(ROOT_HINT)
    if missing:
        raise ToolsMissing("The render service cannot be built here. Missing:" + "".join(f"\n  {each}" for each in missing))
    return Toolchain(compiler, root)


def find_compiler() -> str:
    """The path of the C++ compiler: that of the variable CXX, of ROOT, or `c++`; "" if there is none.

    ROOT and what is linked to it should have one compiler: their standard library is the same then.
    """
    names = [os.environ.get("CXX"), _output("root-config", "--cxx"), "c++", "g++"]
    return next((path for name in names if name and (path := shutil.which(name))), "")


def _root(python: str) -> str:
    if found := _output("root-config", "--prefix", "--version"):
        return found
    code = "import sysconfig; print(sysconfig.get_path('platlib'))"
    folder = Path(_output(python, "-c", code) or sysconfig.get_path("platlib"), "ROOT")
    return str(folder) if (folder / "include" / "TROOT.h").exists() else ""


def _has_header(compiler: str, header: str) -> bool:
    command = [compiler, "-E", "-x", "c++", "-o", os.devnull, "-"]
    return subprocess.run(command, input=f"#include <{header}>\n", text=True, capture_output=True, check=False).returncode == 0


def _output(*command: str) -> str:
    """What a program prints; "" if it is not there or fails."""
    program = shutil.which(command[0])
    if not program:
        return ""
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return " ".join(done.stdout.split()) if done.returncode == 0 else ""
