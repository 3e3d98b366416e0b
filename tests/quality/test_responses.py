"""Responses with content are made by the class that can send every text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from app.core.settings import TREE


def flask_responses_with_content(path: Path) -> Iterator[str]:
    """Places at which a module calls flask.Response with content."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "werkzeug.wrappers")
        for alias in node.names
        if alias.name == "Response"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
            yield f"{path.relative_to(TREE)}:{node.lineno}"


def test_no_module_gives_content_to_flasks_response_which_fails_for_lone_surrogates() -> None:
    assert [place for path in sorted((TREE / "app").rglob("*.py")) for place in flask_responses_with_content(path)] == []
