"""Writes tests/corpus/dqmio again: `python -m tests.corpus.make_dqmio_corpus`, after the parser learned of a new danger.

Two whole files by ROOT, one of them not compressed, and what `tests.formats.damaged_dqmio_files` makes of them, from fixed seeds.
"""

from __future__ import annotations

from pathlib import Path

from tests.formats.damaged_dqmio_files import crafted, tree_mutants
from tests.formats.damaged_files import cut, mutants
from tests.formats.write_dqmio_files import small

FOLDER = Path(__file__).parent / "dqmio"
LARGEST = 100_000


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    small(FOLDER)
    whole, packed = FOLDER / "small.root", (FOLDER / "small-zlib.root").read_bytes()
    files = dict(crafted(whole))
    files |= {f"cut-{number:02}-of-20": part for number, part in enumerate(cut(packed, 20))}
    files |= {f"mutant-{number:02}": mutant for number, mutant in enumerate(mutants(packed, seed=30, number=20))}
    files |= {f"tree-mutant-{number:02}": mutant for number, mutant in enumerate(tree_mutants(whole, seed=40, number=4))}
    for name, content in files.items():
        if len(content) < LARGEST:  # those of a megabyte are made by the tests alone
            (FOLDER / f"{name}.root").write_bytes(content)


if __name__ == "__main__":
    main()
