"""Reading the list of a file in a child process with limits on memory and CPU, so that no file can harm the caller.

The child is this module run as a program: it loads nothing but app.formats, and writes to its standard output one
line of JSON, which gives the sizes of the blobs that follow it.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import subprocess
import sys
from hashlib import sha256
from typing import NamedTuple

import zstandard

from app.formats import FormatError, scan
from app.supervisor import die_with

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
"""As in app.settings, which takes the child longer to load than a small file to read."""


class StoredListing(NamedTuple):
    """The list of one sample as it is stored: each blob is zstd; sha256 is of the names before compression."""

    run: int
    lumi: int
    me_count: int
    unreadable: int
    sha256: str
    names: bytes
    columns: bytes
    facts: bytes


class Unreadable(Exception):
    """The file could not be read; the message says what is wrong with it."""


def read(path: str, format: str, memory_mb: int, cpu_s: int) -> list[StoredListing]:
    """The lists of the samples in a file; raises Unreadable."""
    command = [sys.executable, "-m", "app.gui.reader", path, format, str(memory_mb), str(cpu_s), str(os.getpid())]
    try:
        done = subprocess.run(command, cwd=TREE, capture_output=True, timeout=10 * cpu_s, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"reading took more than {10 * cpu_s} s; the disk may be stuck") from None
    head, _, rest = done.stdout.partition(b"\n")
    if done.returncode == -signal.SIGXCPU:
        raise Unreadable(f"reading took more than {cpu_s} s of CPU (import_cpu_s)")
    if done.returncode != 0 or not head:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unreadable(f"the reading process ended with code {done.returncode}: {last}")
    answer = json.loads(head)
    if "error" in answer:
        raise Unreadable(answer["error"])
    return _listings(answer["samples"], rest)


def _listings(samples: list[dict[str, int | str]], blobs: bytes) -> list[StoredListing]:
    listings, at = [], 0
    for sample in samples:
        parts = []
        for name in ("names", "columns", "facts"):
            end = at + int(sample[name])
            parts.append(blobs[at:end])
            at = end
        run, lumi, count, unreadable = (int(sample[name]) for name in ("run", "lumi", "count", "unreadable"))
        listings.append(StoredListing(run, lumi, count, unreadable, str(sample["sha256"]), parts[0], parts[1], parts[2]))
    return listings


def main(path: str, format: str, memory_mb: str, cpu_s: str, parent: str) -> None:
    """The child: set the limits, read the file, write the answer."""
    die_with(int(parent))
    gc.disable()  # a tenth of the time would go into looking for cycles among the names, and there are none
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_mb) << 20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s), int(cpu_s) + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        head, blobs = _packed(path, format)
    except FormatError as error:
        head, blobs = {"error": str(error)}, []
    except OSError as error:
        head, blobs = {"error": f"{path}: {error.strerror}"}, []
    except MemoryError:
        head, blobs = {"error": f"{path}: reading it takes more than {memory_mb} MB (import_memory_mb)"}, []
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(blobs))


def _packed(path: str, format: str) -> tuple[dict[str, object], list[bytes]]:
    compress = zstandard.ZstdCompressor(level=3).compress
    samples: list[dict[str, object]] = []
    blobs: list[bytes] = []
    for (run, lumi), listing in sorted(scan(path, format).samples.items()):
        names = listing.names.pack()
        packed = [compress(names), compress(listing.columns.pack()), compress(listing.facts.pack())]
        sizes = dict(zip(("names", "columns", "facts"), map(len, packed), strict=True))
        counts = {"run": run, "lumi": lumi, "count": len(listing.names), "unreadable": listing.unreadable}
        samples.append({"sha256": sha256(names).hexdigest(), **counts, **sizes})
        blobs += packed
    return {"samples": samples}, blobs


if __name__ == "__main__":
    main(*sys.argv[1:])
