"""The answer to a command as it is stored: what each machine said, in full."""

from __future__ import annotations

import json
from typing import NamedTuple

import zstandard

from app.control.models import Command
from app.square.documents import packed


class Part(NamedTuple):
    """What one request brought: machine: that was asked; status: of HTTP, None without an answer; text: that came;
    state: as a command that consists of it alone; why: what is wrong, "" when it is good."""

    machine: str
    status: int | None
    text: str
    state: str
    why: str


def parts_of(row: Command) -> list[Part]:
    """The answer of a command; empty while there is none, and when it was cleaned up."""
    return [Part(**given) for given in json.loads(zstandard.decompress(bytes(row.answer)))] if row.answer is not None else []


def stored(parts: list[Part]) -> bytes:
    return packed([part._asdict() for part in parts])
