"""The C++ sources have the style of .clang-format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CLANG_FORMAT = Path(sys.executable).with_name("clang-format")
SUFFIXES = {".C", ".cc", ".cpp", ".h"}


def test_cpp_sources_are_formatted() -> None:
    sources = [path for folder in ("render", "services", "tests") for path in (TREE / folder).rglob("*") if path.suffix in SUFFIXES]
    assert sources
    command = [CLANG_FORMAT, "--dry-run", "--Werror", "--style=file", *sorted(sources)]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"Format the sources with `clang-format -i`:\n{done.stderr}"
