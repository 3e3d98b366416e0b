"""Reads every file of a folder in a process with little memory: `python -m tests.formats.read_all FOLDER [FORMAT]`.

A line of JSON for each: the file, the CPU seconds, and either the error or the names of the MEs, the number of those whose
bytes could not be fetched, and the count of what could not be read.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from app.formats import FormatError, Kind, payload, scan

MEMORY = 512 << 20


def read(path: Path, format: str) -> dict[str, object]:
    try:
        result = scan(path, format)
    except FormatError as error:
        return {"error": str(error)}
    names: list[str] = []
    unfetched = 0
    for listing in result.samples.values():
        assert len(listing.names) == len(listing.columns)
        for index in range(len(listing.names)):
            names.append(listing.names[index].decode())
            row = listing.columns.row(index)
            if not Kind(row.kind).scalar:
                try:
                    payload(path, format, row)
                except FormatError:
                    unfetched += 1
    return {"names": names, "unfetched": unfetched, "unreadable": result.unreadable}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    format = sys.argv[2] if len(sys.argv) > 2 else "tdirectory"
    for path in sorted(Path(sys.argv[1]).iterdir()):
        before = time.process_time()
        answer = read(path, format)
        print(json.dumps({"file": path.name, "cpu_s": time.process_time() - before, **answer}), flush=True)
