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


WRONG = {
    "app/moon/__init__.py": ("", "moon"),
    "app/oddments.py": ("", "oddments"),
    "app/gui/sideways/__init__.py": ("", "sideways"),
    "app/core/shortcuts.py": ("from app.web import page", "app.core.shortcuts -> app.web"),
    "app/queue/shortcuts.py": ("def f():\n    from app.security import audit", "app.queue.shortcuts -> app.security"),
    "app/square/notes_of_control.py": ("from app.control import service", "app.square.notes_of_control -> app.control.service"),
    "app/gui/plots/shortcuts.py": ("from app.gui.pages import views", "app.gui.plots.shortcuts -> app.gui.pages.views"),
    "app/home/shortcuts.py": ("import jobs.gui", "app.home.shortcuts -> jobs.gui"),
    "app/publish/shortcuts.py": ("import uproot", "app.publish.shortcuts -> uproot"),
    "services/mirror/shortcuts.py": ("from app.core import text", "services.mirror.shortcuts -> app.core.text"),
    "services/transfer/shortcuts.py": ("from app.core import text", "services.transfer.shortcuts -> app.core.text"),
    "services/transfer/mirrored.py": ("from services.mirror import store", "services.transfer.mirrored -> services.mirror.store"),
    "services/transfer/requests.py": ("import urllib3", "services.transfer.requests -> urllib3"),
    "protocol/shortcuts.py": ("from app.core import text", "protocol.shortcuts -> app.core.text"),
    "render/shortcuts.py": ("from app.core import text", "render.shortcuts -> app.core.text"),
    "app/publish/sanitize/ping.py": ("from app.publish.sanitize import pong", "app.publish.sanitize"),
    "app/publish/sanitize/pong.py": ("def f():\n    from app.publish.sanitize import ping", "app.publish.sanitize"),
}
"""Code in a wrong place, and code that makes a cycle deep in a package; with what import-linter says of each."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy of the sources with all code of WRONG."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in shape.SOURCES:
        shutil.copytree(TREE / name, folder / name, ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")])
    shutil.copy(TREE / "pyproject.toml", folder)
    for path, (code, _) in WRONG.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(code)
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", command, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", WRONG)
def test_code_in_a_wrong_place_is_refused(refused: str, path: str) -> None:
    assert WRONG[path][1] in refused


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
