"""Files that arrive in the folder of a run on a BU, as the FUs send them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.formats.snapshots import Object, serialise


def arrive(folder: Path, name: str, content: bytes = b"content") -> Path:
    """A file that gets its name when it is complete."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(target)
    return target


def snapshot(folder: Path, tag: str, host: str, content: bytes = b"content") -> Path:
    """A snapshot of a client with any content."""
    return arrive(folder, f"{folder.name}_{tag}_DQMLive__{host}.pb", content)


def mes(content: bytes, *paths: str) -> bytes:
    """The content of a snapshot: each ME has this and its path as content."""
    return serialise([Object(path, content + b" " + path.encode(), 0x10) for path in paths])


def script(path: Path, text: str) -> str:
    """A program in place of one of ROOT."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def spoil_journal(path: Path) -> None:
    """Take from a journal that is open what is needed to read and write documents."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE documents")
