"""The text files of the project have the form that .editorconfig asks editors for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
SUFFIXES = {".py", ".md", ".html", ".js", ".css", ".json", ".yaml", ".yml", ".toml", ".C", ".cpp", ".h", ".cfg", ".ini", ".service", ""}
FOREIGN = ("static/vendor/", "tests/corpus/", "tests/publish/sanitize/corpus/", "tests/publish/corpus/")
"""Folders of files that others wrote, or that are as bad as tests need them."""


def problems(content: bytes, is_makefile: bool = False) -> list[str]:
    """What is wrong with the content of a file."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ["is not UTF-8"]
    found = []
    if "\r" in text:
        found.append("has line ends other than LF")
    if text and not text.endswith("\n"):
        found.append("does not end with a line end")
    if text.endswith("\n\n"):
        found.append("ends with empty lines")
    lines = text.split("\n")
    found += [f"line {number} ends with blanks" for number, line in enumerate(lines, 1) if line != line.rstrip(" \t")]
    if not is_makefile:
        found += [f"line {number} is indented by tabs" for number, line in enumerate(lines, 1) if line.startswith("\t")]
    return found


def test_text_files_have_the_form_of_the_editor_settings() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TREE, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no checkout of git")
    names = [name.decode() for name in listed.stdout.split(b"\0") if name and not name.decode().startswith(FOREIGN)]
    files = [TREE / name for name in names if Path(name).suffix in SUFFIXES]
    wrong = [
        f"{path.relative_to(TREE)} {problem}"
        for path in files
        if path.is_file() and not path.is_symlink()
        for problem in problems(path.read_bytes(), path.name == "Makefile")
    ]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a\r\n", "has line ends other than LF"),
        (b"a", "does not end with a line end"),
        (b"a\n\n", "ends with empty lines"),
        (b"a \nb\n", "line 1 ends with blanks"),
        (b"a\n\tb\n", "line 2 is indented by tabs"),
        (b"\xff\n", "is not UTF-8"),
    ],
)
def test_a_problem_of_a_file_is_named(content: bytes, problem: str) -> None:
    assert problem in problems(content)
