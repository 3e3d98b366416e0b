"""The code keeps the rules of the project: style, types, layers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.quality import shape

TREE = Path(__file__).resolve().parents[2]
TOOLS = {
    "style": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "layers": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}
EXEMPTION = re.compile(r"#\s*(?:fmt|yapf|isort)\s*:\s*(?:off|skip|disable)|#\s*(?:ruff|flake8)\s*:\s*noqa")


@pytest.mark.parametrize("tool", TOOLS)
def test_the_code_keeps_the_rules_of(tool: str) -> None:
    done = subprocess.run([sys.executable, *TOOLS[tool]], cwd=TREE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_code_is_exempt_from_formatting() -> None:
    """Data that want columns are data files."""
    files = [path for folder in (*shape.SOURCES, "migrations", "tests") for path in (TREE / folder).rglob("*.py")]
    exempt = [
        str(path.relative_to(TREE)) for path in files if path != Path(__file__) and EXEMPTION.search(path.read_text(encoding="utf-8"))
    ]
    assert exempt == []


@pytest.mark.parametrize(
    "comment", ["x = 1  # fmt: skip", "# fmt: off", "#fmt:off", "x = 1  # noqa: E1  # fmt:skip", "# ruff: noqa", "# isort:skip_file"]
)
def test_an_exemption_is_found(comment: str) -> None:
    assert EXEMPTION.search(comment)
