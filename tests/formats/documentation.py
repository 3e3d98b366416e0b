"""The parts of docs/developers/formats.md that tests check."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "developers" / "formats.md"


def example() -> str:
    """The module of the section on a new format."""
    _, _, section = DOCUMENT.read_text().partition("\n## A new format\n")
    module = re.search("```python\n(.*?)```", section, re.DOTALL)
    assert module
    return module[1]


def formats_listed(document: str) -> dict[str, int]:
    """The formats in the table of formats, with their numbers."""
    return {name: int(number) for name, number in re.findall(r"^\| `(\w+)` \| (\d+) \|", document, re.MULTILINE)}
