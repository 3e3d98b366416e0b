"""Scripts and style sheets are formatted and linted by biome (biome.json); the documentation lists every private attribute."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
BIOME = Path(sys.executable).with_name("biome")
AREAS = [path for path in (TREE / "static").iterdir() if path.is_dir() and path.name != "vendor"]
LINE_LENGTH = 160
LONG_LINES = {"notify", "square"}
"""Folders of templates that still have longer lines."""
OWN_FILES = [path for folder in (*AREAS, TREE / "templates") for path in folder.rglob("*") if path.suffix in (".html", ".js", ".css")]


def test_scripts_and_styles_are_clean() -> None:
    done = subprocess.run([BIOME, "check", "--error-on-warnings"], cwd=TREE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_data_attribute_is_documented() -> None:
    used = {name for path in OWN_FILES for name in re.findall(r"\bdata-[a-z-]+", path.read_text(encoding="utf-8"))}
    rows = re.findall(r"^\| (`data-.*?) \|", (TREE / "docs/developers/frontend.md").read_text(encoding="utf-8"), re.M)
    documented = {name for row in rows for name in re.findall(r"`(data-[a-z-]+)`", row)}
    assert used <= documented, f"add to docs/developers/frontend.md: {sorted(used - documented)}"
    assert documented - used <= {"data-at"}, f"remove from docs/developers/frontend.md: {sorted(documented - used)}"


def test_lines_of_templates_are_short() -> None:
    files = [path for path in (TREE / "templates").rglob("*.html") if path.relative_to(TREE / "templates").parts[0] not in LONG_LINES]
    long = [
        f"{path.relative_to(TREE)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_LENGTH
    ]
    assert long == []


def test_every_placeholder_is_one_that_is_loaded_again_when_it_is_merged_into_its_content() -> None:
    for path in (TREE / "templates").rglob("*.html"):
        for tag in re.findall(r"<\w+[^>]*hx-trigger=\"[^\"]*\bload\b[^>]*>", path.read_text(encoding="utf-8")):
            for attribute in ('hx-trigger="load"', 'hx-get="', 'hx-sync="this:replace"', 'hx-swap="outerHTML"'):
                assert attribute in tag, f"{path}: static/web/morph.js needs {attribute} in {tag}"
