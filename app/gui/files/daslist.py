"""Rows of `dasgoclient -query 'file run lumi dataset=...'`: which file has which lumisections of a run.

As text a row is `/store/....root 317297 [1,2,3]`; with `-json` it is an object with file, run and lumi. A lumisection may be
written as its number, or as first and last of a range.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.urls import normalize_folder_url
from app.gui.files.register import LARGEST, Entry, Places, dataset_problem
from app.gui.settings import readable_roots

MOST_LUMIS = 100_000
"""Lumisections of one row; a run of a day has some 4,000."""

_TEXT = re.compile(r"(\S+)\s+\[?(\d{1,10})\]?\s+(\[[\d\s,\[\]]*\]|\d+)", re.ASCII)
_LFN = re.compile(r"/store/[^/]+/(?P<era>[^/]+)/(?P<primary>[^/]+)/(?P<tier>[^/]+)/(?P<processing>[^/]+)/.+")


class Row(NamedTuple):
    """A file with lumisections of one run of it. number: of the row, from 1."""

    number: int
    file: str
    run: int
    lumis: list[int]


class BadRow(NamedTuple):
    """A row that cannot be used, and why."""

    number: int
    problem: str


def entries(text: str, redirector: str, dataset: str, format: str, settings: Settings) -> tuple[list[Entry], list[str]]:
    """A sample for each lumisection of each row, and what is wrong with the rows that cannot be used.

    redirector: the server that finds the files, or "" for files of this machine; dataset: "" when the places of the files tell
    it. Raises ValueError when nothing of that server may be read, and as `rows` does.
    """
    server = redirector and normalize_folder_url(f"{redirector.rstrip('/')}//")
    if server and not any(root.startswith(server) for root in readable_roots(settings)):
        raise ValueError(f"nothing of {server} may be read: add {server}store to the setting file_roots")
    places = Places(settings)
    found: list[Entry] = []
    wrong: list[str] = []
    for row in rows(text):
        problem = row.problem if isinstance(row, BadRow) else ""
        if isinstance(row, Row):
            path = f"{server.removesuffix('/')}{row.file}" if row.file.startswith("/") else row.file
            name = dataset or dataset_of(row.file)
            problem = places.problem(path) or (dataset_problem(name) if name else f"{row.file} tells no dataset: give --dataset")
            if not problem:
                found += [Entry(name, row.run, lumi, places.real(path), format) for lumi in row.lumis]
        if problem:
            wrong.append(f"row {row.number}: {problem}")
    return found, wrong


def rows(text: str) -> Iterator[Row | BadRow]:
    """The rows of an answer, in either form; raises ValueError for JSON that is broken, or of another query."""
    if not text.lstrip().startswith(("[", "{")):
        return (_checked(number, _of_text(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    try:
        document = json.loads(text)
    except RecursionError:
        document = None
    if isinstance(document, dict):
        document = document.get("data")
    if not isinstance(document, list):
        raise ValueError("a list of rows is wanted")
    return (_checked(number, _of_json(record)) for number, record in enumerate(document, 1))


def dataset_of(file: str) -> str:
    """The dataset that the place of a file tells, /store/data/<era>/<primary>/<tier>/<processing>/...; "" when it tells none."""
    match = _LFN.fullmatch(file)
    return f"/{match['primary']}/{match['era']}-{match['processing']}/{match['tier']}" if match else ""


def _of_text(line: str) -> tuple[Any, Any, Any] | None:
    match = _TEXT.fullmatch(line.strip())
    if not match:
        return None
    try:
        return match[1], int(match[2]), json.loads(match[3])
    except (ValueError, RecursionError):
        return None


def _of_json(record: Any) -> tuple[Any, Any, Any] | None:
    try:
        return record["file"][0]["name"], record["run"][0]["run_number"], record["lumi"][0]["number"]
    except (KeyError, IndexError, TypeError):
        return None


def _checked(number: int, found: tuple[Any, Any, Any] | None) -> Row | BadRow:
    if found is None:
        return BadRow(number, "a file, its run and its lumisections are wanted, such as: /store/data/x.root 317297 [1,2,3]")
    file, run, given = found
    if isinstance(run, list) and len(run) == 1:
        (run,) = run
    if isinstance(run, list):
        return BadRow(number, f"{file} has {len(run)} runs, and which lumisections are of which is not told")
    lumis = _lumis(given)
    if not isinstance(file, str) or not _whole(run) or not lumis:
        return BadRow(number, f"a file, its run and its lumisections are wanted, not {file!r}, {run!r} and {str(given)[:100]}")
    return Row(number, file, run, lumis)


def _lumis(given: Any) -> list[int]:
    """The lumisections, in order; none when one of them is no number, or there are too many."""
    found: set[int] = set()
    for item in given if isinstance(given, list) else [given]:
        first, last = item if isinstance(item, list) and len(item) == 2 else (item, item)
        if not (_whole(first) and _whole(last)) or not 0 <= last - first < MOST_LUMIS - len(found):
            return []
        found.update(range(first, last + 1))
    return sorted(found)


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST
