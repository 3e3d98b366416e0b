"""Writes tests/corpus/root again: `python -m tests.corpus.make_root_corpus`, after the parser learned of a new danger.

One whole file by ROOT, and what `tests.formats.damaged_files` makes of it, from fixed seeds.
"""

from __future__ import annotations

from pathlib import Path

from tests.formats.damaged_files import crafted, cut, mutants
from tests.formats.write_root_files import small

FOLDER = Path(__file__).parent / "root"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    small(FOLDER)
    whole = FOLDER / "small.root"
    data = whole.read_bytes()
    files = dict(crafted(whole))
    files |= {f"cut-{number:02}-of-50": part for number, part in enumerate(cut(data, 50))}
    files |= {f"mutant-{number:03}": mutant for number, mutant in enumerate(mutants(data, seed=20, number=240))}
    for name, content in files.items():
        (FOLDER / f"{name}.root").write_bytes(content)


if __name__ == "__main__":
    main()
