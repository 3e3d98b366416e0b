"""The documentation in packages: pages for a browser, and the manual page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.areas import AREAS
from services.packaging.documents import anchor, write
from services.packaging.products import TREE


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copytree(TREE / "docs", folder / "docs")
    for part in ("app", "services"):
        shutil.copytree(TREE / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    write(folder / "docs")
    return folder


def test_every_document_has_a_page_and_is_in_the_contents(tree: Path) -> None:
    contents = (tree / "docs/index.html").read_text()
    for path in (tree / "docs").rglob("*.md"):
        assert f'href="{path.with_suffix(".html").relative_to(tree / "docs")}"' in contents


def test_links_of_pages_lead_to_pages_and_headings_that_exist_and_none_needs_a_network(tree: Path) -> None:
    lost = []
    for page in (tree / "docs").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r'src="https?:|<script|<link', text)
        for target in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"\w+:", target):
                continue
            name, _, heading = unquote(target).partition("#")
            file = page.parent / name if name else page
            if not file.exists() or (heading and file.suffix == ".html" and f'id="{heading}"' not in file.read_text()):
                lost.append(f"{page.relative_to(tree)}: {target}")
    assert lost == []


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("OMS and Run Registry", "oms-and-run-registry"), ("Python packages", "python-packages"), ("What's `new`?", "whats-new")],
)
def test_a_heading_has_the_anchor_of_github(heading: str, expected: str) -> None:
    assert anchor(heading.replace("`", "")) == expected


def test_the_manual_page_has_all_commands_and_nothing_that_man_complains_about(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli.manual", "1700000000"]
    page = subprocess.run(command, check=True, capture_output=True, text=True, cwd=TREE).stdout
    assert page.splitlines()[0].startswith(".TH DQMHUB 1 2023-11-14 ")
    names = {name for area in AREAS for name in area.commands}
    assert {name for name in names if f".SS dqmhub {name}".replace("-", r"\-") not in page} == set()
    if not shutil.which("man"):
        pytest.skip("man is not on this machine (Debian package man-db)")
    (tmp_path / "dqmhub.1").write_text(page)
    done = subprocess.run(["man", "--warnings", "-l", str(tmp_path / "dqmhub.1")], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert "data quality monitoring of CMS" in done.stdout
