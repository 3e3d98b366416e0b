"""Reading the lists of a file in a child process with limits on memory and CPU, so that no file can harm the caller.

The child is this module, run as a program. It loads only app.formats and the little of app.core that it needs. It writes
one line of JSON, with the sizes of the blobs that follow it, to its standard output.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import subprocess
import sys
from hashlib import sha256
from typing import Any, NamedTuple

import zstandard

from app.core.limited_process import (
    MOST_ELAPSED,
    REMOTE_MB,
    TREE,
    allow_cpu,
    ended,
    enter,
    killed,
    out_of_memory,
    out_of_time,
    was_killed,
)
from app.core.urls import is_remote
from app.formats import ERROR, WARNING, Columns, FormatError, scan


class StoredListing(NamedTuple):
    """The list of one sample in the form in which it is stored."""

    run: int
    lumi: int
    me_count: int
    sha256: str  # of the names
    columns: bytes  # zstd of formats.Columns
    facts: bytes  # zstd of formats.Facts
    errors: int  # MEs with this worst status of their quality tests
    warnings: int


class Contents(NamedTuple):
    """The lists of all samples in a file."""

    listings: list[StoredListing]
    names: dict[str, tuple[int, bytes]]  # SHA-256 -> number of names, zstd of formats.MENames
    unreadable: int  # objects that could not be read


class Unreadable(Exception):
    """The file cannot be used; the message is the reason."""


class ReaderLost(Unreadable):
    """The process that read the file met a limit or crashed. Limits and programs change, so that the file is read again later."""


class ReaderInterrupted(Exception):
    """The file was not read for a reason outside of it; another attempt can succeed. The message is the reason."""


def read(path: str, format: str, memory_mb: int, cpu_s: int, remote_timeout_s: float) -> Contents:
    """Read the lists of the samples in a file.

    Raises OSError when it cannot be opened or read, Unreadable when it cannot be used, ReaderInterrupted for other reasons.
    """
    limits = (memory_mb, cpu_s, remote_timeout_s, os.getpid())
    command = [sys.executable, "-m", "app.gui.catalog.reader", path, format, *map(str, limits)]
    try:
        # in a group of its own: a signal that stops the group of the service would look as if the reader had been killed from outside
        done = subprocess.run(command, cwd=TREE, capture_output=True, timeout=MOST_ELAPSED * cpu_s, check=False, process_group=0)
    except subprocess.TimeoutExpired:
        raise ReaderInterrupted(out_of_time(path, cpu_s)) from None
    except OSError as error:
        raise ReaderInterrupted(f"{path}: no process can be started that reads it ({error.strerror})") from error
    head, _, rest = done.stdout.partition(b"\n")
    if was_killed(done.returncode):
        raise ReaderInterrupted(killed(path, done.returncode))
    if done.returncode != 0 or not head:
        raise ReaderLost(ended(path, done.returncode, done.stderr, cpu_s))
    answer = json.loads(head)
    if "errno" in answer:
        raise OSError(answer["errno"], answer["error"])
    if "error" in answer:
        raise (ReaderLost if answer["met_limit"] else Unreadable)(answer["error"])
    return _contents(answer, memoryview(rest))


def _contents(answer: dict[str, Any], blobs: memoryview) -> Contents:
    at = 0

    def next_blob(size: int) -> bytes:
        nonlocal at
        at += size
        return bytes(blobs[at - size : at])

    names = {sha256: (count, next_blob(size)) for sha256, count, size in answer["names"]}
    listings = [
        StoredListing(run, lumi, names[sha256][0], sha256, next_blob(columns), next_blob(facts), errors, warnings)
        for run, lumi, sha256, columns, facts, errors, warnings in answer["samples"]
    ]
    return Contents(listings, names, answer["unreadable"])


def main(path: str, format: str, memory_mb: str, cpu_s: str, timeout_s: str, parent: str) -> None:
    """Run the child: set the limits, read the file, write the result."""
    enter(int(memory_mb) + (REMOTE_MB if is_remote(path) else 0), int(parent))
    allow_cpu(int(cpu_s))
    gc.disable()  # the search for cycles would take a tenth of the time, and names have none
    if is_remote(path):
        from app.formats import remote

        remote.configure(float(timeout_s))
    try:
        head, blobs = _pack(path, format)
    except FormatError as error:
        head, blobs = {"error": str(error), "met_limit": False}, []
    except (OSError, MemoryError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOMEM:
            head, blobs = {"error": error.strerror, "errno": error.errno}, []
        else:  # a system call that met the limit says ENOMEM
            head, blobs = {"error": out_of_memory(path, int(memory_mb)), "met_limit": True}, []
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(blobs))


def _pack(path: str, format: str) -> tuple[dict[str, object], list[bytes]]:
    compress = zstandard.ZstdCompressor(level=3).compress
    found = scan(path, format)
    names = {id(listing.names): listing.names for listing in found.samples.values()}  # lumisections share most of theirs
    packed = {number: shared.pack() for number, shared in names.items()}
    hashes = {number: sha256(joined).hexdigest() for number, joined in packed.items()}
    distinct = {hashes[number]: (len(names[number]), compress(joined)) for number, joined in packed.items()}
    samples: list[tuple[int, int, str, int, int, int, int]] = []
    blobs = [blob for _, blob in distinct.values()]
    for (run, lumi), listing in sorted(found.samples.items()):
        columns, facts = compress(listing.columns.pack()), compress(listing.facts.pack())
        alarms = count_alarms(listing.columns)
        samples.append((run, lumi, hashes[id(listing.names)], len(columns), len(facts), *alarms))
        blobs += [columns, facts]
    counts = [(name, count, len(blob)) for name, (count, blob) in distinct.items()]
    return {"samples": samples, "names": counts, "unreadable": found.unreadable}, blobs


def count_alarms(columns: Columns) -> tuple[int, int]:
    """The number of MEs with errors, and of those with warnings."""
    return columns.status.count(ERROR), columns.status.count(WARNING)


if __name__ == "__main__":
    main(*sys.argv[1:])
