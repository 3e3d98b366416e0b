"""Writes tests/corpus/protobuf again: `python -m tests.corpus.make_protobuf_corpus`, after the reader learned of a new danger.

One small snapshot of ROOT's objects, and what becomes of it by cutting, mutating from fixed seeds and lying on purpose.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.formats import snapshots
from tests.formats.damaged_files import cut, mutants
from tests.formats.test_protobuf_damage import crafted
from tests.formats.write_snapshots import small

FOLDER = Path(__file__).parent / "protobuf"
LARGEST = 1_200_000


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        small(Path(folder))
        objects = list(snapshots.read((Path(folder) / "small.pb").read_bytes()).values())[:9]
    whole = {"packed": snapshots.serialise(objects), "plain": snapshots.serialise(objects, packed=False)}
    whole["gzip"] = gzip.compress(whole["plain"], mtime=0)
    files = dict(whole)
    for seed, (name, data) in enumerate(whole.items()):
        files |= {f"{name}-cut-{number:02}-of-20": part for number, part in enumerate(cut(data, 20))}
        files |= {f"{name}-mutant-{number:03}": mutant for number, mutant in enumerate(mutants(data, seed, number=80))}
    files |= {name: data for name, data in crafted() if len(data) <= LARGEST}
    for name, content in files.items():
        (FOLDER / f"{name}.pb").write_bytes(content)


if __name__ == "__main__":
    main()
