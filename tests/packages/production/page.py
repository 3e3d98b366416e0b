"""A page of the documentation as a program: its steps, with the files to write and the commands to run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from app.core.settings import TREE

STEP = re.compile(r"^## (\w+): (.+)$", re.M)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """Commands, or a file whose first line names it in a comment."""

    language: str
    text: str

    @property
    def path(self) -> str:
        """Where a file belongs; "" for commands."""
        return "" if self.language == "sh" else self.text.partition("\n")[0].removeprefix("# ")

    @property
    def content(self) -> str:
        """The lines of a file after the first one, which only names it."""
        return self.text.partition("\n")[2]


class Step(NamedTuple):
    """A section whose heading names the machine."""

    machine: str
    title: str
    blocks: list[Block]


def sections(name: str) -> dict[str, str]:
    """The commands of each section of docs/operators/<name>.md by its heading; "" is what comes before the first one."""
    parts = re.split(r"^## (.+)$", _text(name), flags=re.M)
    return {
        title: "".join(text for language, text in BLOCK.findall(body) if language == "sh")
        for title, body in zip(["", *parts[1::2]], parts[::2], strict=True)
    }


def steps(name: str) -> list[Step]:
    """The steps of docs/operators/<name>.md in their order."""
    parts = STEP.split(re.split(r"^## What comes next$", _text(name), flags=re.M)[0])[1:]
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [Step(machine, title, [Block(*found) for found in BLOCK.findall(body)]) for machine, title, body in triples]


def _text(name: str) -> str:
    return Path(TREE, "docs/operators", f"{name}.md").read_text(encoding="utf-8")
