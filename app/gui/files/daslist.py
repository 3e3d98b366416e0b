"""Rows of `dasgoclient -query 'file run lumi dataset=...'`: which file has which lumisections of a run.

As text a row is `/store/....root 317297 [1,2,3]`; with `-json` it is an object with file, run and lumi. A lumisection is
its number, or the first and last number of a range.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.core.settings import Settings
from app.core.urls import normalize_folder_url
from app.gui.files.entries import AllowedRoots, Entry, dataset_problem, is_number
from app.gui.settings import readable_roots

MAX_LUMIS = 100_000
"""Lumisections of one row; a run of a day has about 4,000."""

EXPECTED = "Expected a file, its run and its lumisections"

_TEXT = re.compile(r"(\S+)\s+\[?(\d{1,10})\]?\s+(\[[\d\s,\[\]]*\]|\d+)", re.ASCII)
_LFN = re.compile(r"/store/[^/]+/(?P<era>[^/]+)/(?P<primary>[^/]+)/(?P<tier>[^/]+)/(?P<processing>[^/]+)/.+")


class DasRow(NamedTuple):
    """A file with lumisections of one run."""

    number: int  # of the row, from 1
    file: str
    run: int
    lumis: list[int]


class BadRow(NamedTuple):
    """A row that cannot be used."""

    number: int
    problem: str


def das_entries(text: str, redirector: str, dataset: str, format: str, settings: Settings) -> tuple[list[Entry], list[str]]:
    """An entry for each lumisection of each row, and the problems of the rows that cannot be used.

    Args:
        text: Output of dasgoclient.
        redirector: Server that finds the files, or "" for local files.
        dataset: Dataset of all files, or "" to take it from their paths.

    Raises:
        ValueError: The text is not an output of dasgoclient, or `file_roots` has no folder of the server.
    """
    server = redirector and normalize_folder_url(f"{redirector.rstrip('/')}//")
    if server and not any(root.startswith(server) for root in readable_roots(settings)):
        raise ValueError(f"No file of {server} may be read: add {server}store to the setting file_roots")
    roots = AllowedRoots(settings)
    entries: list[Entry] = []
    problems: list[str] = []
    for row in parse_rows(text):
        if isinstance(row, DasRow):
            row_entries, problem = _entries_of(row, server, dataset, format, roots)
            entries += row_entries
        else:
            problem = row.problem
        if problem:
            problems.append(f"row {row.number}: {problem}")
    return entries, problems


def _entries_of(row: DasRow, server: str, dataset: str, format: str, roots: AllowedRoots) -> tuple[list[Entry], str]:
    """The entries of a row, or its problem."""
    path = f"{server.removesuffix('/')}{row.file}" if row.file.startswith("/") else row.file
    name = dataset or dataset_from_lfn(row.file)
    if problem := roots.problem(path):
        return [], problem
    if not name:
        return [], f"The path {row.file} does not contain the dataset: use --dataset"
    if problem := dataset_problem(name):
        return [], problem
    return [Entry(name, row.run, lumi, roots.resolve(path), format) for lumi in row.lumis], ""


def parse_rows(text: str) -> Iterator[DasRow | BadRow]:
    """The rows of an output in either form. Raises ValueError for broken JSON, and for JSON of another query."""
    if not text.lstrip().startswith(("[", "{")):
        return (_checked(number, _fields_of_text(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    try:
        document = json.loads(text)
    except RecursionError:
        document = None
    if isinstance(document, dict):
        document = document.get("data")
    if not isinstance(document, list):
        raise ValueError("Expected a list of rows")
    return (_checked(number, _fields_of_json(record)) for number, record in enumerate(document, 1))


def dataset_from_lfn(file: str) -> str:
    """The dataset in the path of a file, /store/data/<era>/<primary>/<tier>/<processing>/...; "" if there is none."""
    match = _LFN.fullmatch(file)
    return f"/{match['primary']}/{match['era']}-{match['processing']}/{match['tier']}" if match else ""


def _fields_of_text(line: str) -> tuple[Any, Any, Any] | None:
    match = _TEXT.fullmatch(line.strip())
    if not match:
        return None
    try:
        return match[1], int(match[2]), json.loads(match[3])
    except (ValueError, RecursionError):
        return None


def _fields_of_json(record: Any) -> tuple[Any, Any, Any] | None:
    try:
        return record["file"][0]["name"], record["run"][0]["run_number"], record["lumi"][0]["number"]
    except (KeyError, IndexError, TypeError):
        return None


def _checked(number: int, fields: tuple[Any, Any, Any] | None) -> DasRow | BadRow:
    if fields is None:
        return BadRow(number, f"{EXPECTED}, such as: /store/data/x.root 317297 [1,2,3]")
    file, run, lumi_field = fields
    if isinstance(run, list) and len(run) == 1:
        (run,) = run
    if isinstance(run, list):
        return BadRow(number, f"{file} has {len(run)} runs; the row does not assign the lumisections to them")
    lumis = _expand_lumis(lumi_field)
    if not isinstance(file, str) or not is_number(run) or not lumis:
        return BadRow(number, f"{EXPECTED}, not {file!r}, {run!r} and {str(lumi_field)[:100]}")
    return DasRow(number, file, run, lumis)


def _expand_lumis(field: Any) -> list[int]:
    """The lumisections in order; empty if one is not a number, or there are too many."""
    found: set[int] = set()
    for item in field if isinstance(field, list) else [field]:
        first, last = item if isinstance(item, list) and len(item) == 2 else (item, item)
        if not (is_number(first) and is_number(last)) or not 0 <= last - first < MAX_LUMIS - len(found):
            return []
        found.update(range(first, last + 1))
    return sorted(found)
