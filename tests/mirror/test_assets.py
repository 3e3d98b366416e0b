"""Static files that the mirror has in common with the hub."""

from __future__ import annotations

import re

from services.mirror import build_assets, pages

ADVICE = "Run `python3 -m services.mirror.build_assets`"


def test_built_files_are_up_to_date() -> None:
    for name, content in build_assets.build().items():
        assert pages.STATIC_FILES[name].read_bytes() == content, ADVICE


def test_the_shared_style_sheets_are_those_of_the_documentation() -> None:
    text = (build_assets.HUB_STATIC.parent / "docs/developers/frontend.md").read_text()
    shared = {f"web/{name}" for name in re.findall(r"^\| `(\w+\.css)` \|.*\| yes \|$", text, re.M)}
    assert {part for part in build_assets.STYLE_PARTS if part.startswith("web/")} == shared


def test_every_variable_of_the_style_sheet_is_defined() -> None:
    style = build_assets.build()["mirror.css"].decode()
    used, defined = set(re.findall(r"var\((--[\w-]+)", style)), set(re.findall(r"(--[\w-]+):", style))
    assert used - defined == set()
