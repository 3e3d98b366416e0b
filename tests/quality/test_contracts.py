"""The import contracts of pyproject.toml refuse what they should: code in a wrong place, and code without a place."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.quality import shape

TREE = Path(__file__).resolve().parents[2]
WITHOUT_CONTRACTS = {"migrations", "tests"}
WRITTEN = {"build", "var"}
"""Folders that tools write."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in shape.SOURCES:
        shutil.copytree(TREE / name, folder / name, ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")])
    shutil.copy(TREE / "pyproject.toml", folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("app/moon/__init__.py", "", "moon"),
        ("app/helpers.py", "", "helpers"),
        ("app/gui/compare/__init__.py", "", "compare"),
        ("app/core/shortcuts.py", "from app.web import page", "app.core.shortcuts -> app.web"),
        ("app/queue/shortcuts.py", "def f():\n    from app.security import audit", "app.queue.shortcuts -> app.security"),
        ("app/square/notes_of_control.py", "from app.control import service", "app.square.notes_of_control -> app.control.service"),
        ("app/gui/plots/shortcuts.py", "from app.gui.pages import views", "app.gui.plots.shortcuts -> app.gui.pages.views"),
        ("services/mirror/shortcuts.py", "from app.core import text", "services.mirror.shortcuts -> app.core.text"),
        ("services/transfer/shortcuts.py", "from app.core import text", "services.transfer.shortcuts -> app.core.text"),
        ("services/transfer/shortcuts.py", "from services.mirror import store", "services.transfer.shortcuts -> services.mirror.store"),
        ("services/transfer/shortcuts.py", "import urllib3", "services.transfer.shortcuts -> urllib3"),
        ("protocol/shortcuts.py", "from app.core import text", "protocol.shortcuts -> app.core.text"),
        ("render/shortcuts.py", "from app.core import text", "render.shortcuts -> app.core.text"),
        ("app/home/shortcuts.py", "import jobs.gui", "app.home.shortcuts -> jobs.gui"),
        ("app/publish/shortcuts.py", "import uproot", "app.publish.shortcuts -> uproot"),
    ],
)
def test_code_in_a_wrong_place_is_refused(copy: Path, path: str, code: str, words: str) -> None:
    file = copy / path
    made = not file.parent.exists()
    file.parent.mkdir(exist_ok=True)
    file.write_text(code)
    try:
        output = broken_contracts(copy)
    finally:
        shutil.rmtree(file.parent) if made else file.unlink()
    assert words in output


@pytest.mark.slow
def test_a_cycle_deep_in_a_package_is_refused(copy: Path) -> None:
    first, second = copy / "app/publish/sanitize/ping.py", copy / "app/publish/sanitize/pong.py"
    first.write_text("from app.publish.sanitize import pong")
    second.write_text("def f():\n    from app.publish.sanitize import ping")
    output = broken_contracts(copy)
    first.unlink()
    second.unlink()
    assert "app.publish.sanitize" in output


def broken_contracts(folder: Path) -> str:
    """The output of import-linter, which must not be content."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_every_top_level_package_has_contracts_types_and_a_shape() -> None:
    found = {path.parent.name for path in TREE.glob("[a-z]*/*.py")} - WITHOUT_CONTRACTS - WRITTEN
    assert found == set(shape.SOURCES), "name a new package in pyproject.toml (twice) and in tests/quality/shape.py"
    tools = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["importlinter"]["root_packages"] == list(shape.SOURCES)
    assert tools["mypy"]["packages"] == list(shape.SOURCES)


def test_every_folder_of_code_is_a_package() -> None:
    """Contracts, types and setup.py do not see modules in a folder without __init__.py."""
    folders = {path.parent for path in shape.python_files(*shape.SOURCES)}
    assert [str(folder.relative_to(TREE)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
