"""Reads all files of a folder in a process with little memory: `python -m tests.formats.read_folder FOLDER [FORMAT]`.

Prints one JSON object per file: `file`; `work`, the work of the scan, and `payload_work`, the largest work for one histogram, each
as bytes read, bytes unpacked and attempts; and either `error`, or `names` of the MEs, `unfetched`, the number of histograms that
could not be fetched, and `unreadable`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from app.formats import FORMATS, FileSource, FormatError, Kind, MERow
from app.formats.work_budget import WorkBudget

MEMORY = 512 << 20


def work(budget: WorkBudget) -> list[int]:
    return [budget.bytes_read, budget.bytes_unpacked, budget.attempts]


def read(path: Path, format: str) -> dict[str, object]:
    with FileSource(path, whole=True) as source:
        try:
            result = FORMATS[format].scan(source)
        except FormatError as error:
            return {"error": str(error), "work": work(source.budget), "payload_work": [0, 0, 0]}
    names: list[str] = []
    unfetched = 0
    largest = [0, 0, 0]
    for listing in result.samples.values():
        assert len(listing.names) == len(listing.columns)
        for index in range(len(listing.names)):
            names.append(listing.names[index].decode())
            row = listing.columns.row(index)
            if not Kind(row.kind).scalar:
                is_whole, cost = fetch(path, format, row)
                unfetched += not is_whole
                largest = list(map(max, largest, cost))
    return {
        "names": names,
        "unfetched": unfetched,
        "unreadable": result.unreadable,
        "work": work(source.budget),
        "payload_work": largest,
    }


def fetch(path: Path, format: str, row: MERow) -> tuple[bool, list[int]]:
    """Whether the histogram at a row could be fetched, and the work for it."""
    with FileSource(path) as source:
        try:
            FORMATS[format].payload(source, row)
        except FormatError:
            return False, work(source.budget)
        return True, work(source.budget)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    format = sys.argv[2] if len(sys.argv) > 2 else "tdirectory"
    for path in sorted(Path(sys.argv[1]).iterdir()):
        print(json.dumps({"file": path.name, **read(path, format)}), flush=True)
