"""What the sanitiser finds of the cases in corpus/, and what it destroys: `python -m tests.publish.recall [KIND]`.

A case is a file, its kind is the folder of the file. corpus/README.md describes the lines of a case. With `--log FILE` the
lines of a log that change are listed instead, each form once, to be judged by eye.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.core import database
from app.core.settings import Settings
from app.publish.sanitize.pseudonyms import Pseudonym
from app.publish.sanitize.sanitizer import Sanitizer
from tests.publish.conftest import MACHINES
from tests.support.servers import migrate

CORPUS = Path(__file__).parent / "corpus"

HOLD_OUT = "hold-out"
"""Kind of the cases that no rule is written for: their recall shows what to expect of new logs."""

MIN_HALVED = 8
"""Length of a private word from which on no half of it may be published."""


class Case(NamedTuple):
    """A text, and what of it must not be published and must be published.

    Attributes:
        kind: Folder of the file below corpus/, such as `secrets/named`.
        name: Name of the file without its suffix.
        lines: The text.
        private: Pieces that must vanish; without any, the whole text must be published as it is.
        useful: Pieces that must stay.
        missed: Why a known fault is not mended; "" if the case must hold.
    """

    kind: str
    name: str
    lines: list[str]
    private: list[str]
    useful: list[str]
    missed: str


class Outcome(NamedTuple):
    """What became of a case: pieces that were published but must not be, and useful ones that were destroyed."""

    case: Case
    output: list[str]
    published: list[str]
    destroyed: list[str]


def cases(kind: str = "") -> Iterator[Case]:
    """All cases, or those of a kind and of the kinds below it."""
    for path in sorted((CORPUS / kind).rglob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        marked = {mark: [line[2:] for line in lines if line.startswith(mark)] for mark in "<!=?"}
        if any(line[:1] not in "#<!=?" or line[1:2] not in ("", " ") for line in lines) or not marked["<"]:
            raise ValueError(f"{path} has a line that is none of a case (see corpus/README.md)")
        yield Case(str(path.parent.relative_to(CORPUS)), path.stem, marked["<"], marked["!"], marked["="], " ".join(marked["?"]))


def outcome(case: Case) -> Outcome:
    """Redact the text of a case as the first that a new hub publishes."""
    Pseudonym.delete().execute()
    output = Sanitizer(b"a key of these tests, and of no hub", MACHINES).lines(case.lines)
    text = "\n".join(output)
    published = [piece for piece in case.private if _is_in(piece.lower(), text.lower())]
    destroyed = [piece for piece in case.useful if piece not in text]
    if not case.private:
        destroyed += [line for line, out in zip(case.lines, output, strict=True) if line not in case.useful and line != out]
    return Outcome(case, output, published, destroyed)


def _is_in(piece: str, text: str) -> bool:
    """Whether a text has a piece, or half of a long word."""
    size = (len(piece) + 1) // 2 if len(piece) >= MIN_HALVED and " " not in piece else len(piece)
    return any(piece[at : at + size] in text for at in range(len(piece) - size + 1))


def summary(outcomes: list[Outcome]) -> str:
    """Recall and damage by kind."""
    by_kind = {kind: [one for one in outcomes if one.case.kind == kind] for kind in dict.fromkeys(one.case.kind for one in outcomes)}
    rows = [f"{'kind':<32} {'cases':>5} {'secrets':>7} {'recall':>7} {'useful':>6} {'destroyed':>9}"]
    for kind, some in [*by_kind.items(), ("all", outcomes)]:
        counts = count(some)
        rows.append(
            f"{kind:<32} {len(some):>5} {counts['private']:>7} {100 * recall(some):>6.1f}% {counts['useful']:>6} {counts['destroyed']:>9}"
        )
    return "\n".join(rows)


def table(outcomes: list[Outcome]) -> str:
    """Recall and damage by kind, then each case that does not hold; those of the hold-out are not shown."""
    rows = [summary(outcomes)]
    for one in outcomes:
        if one.case.kind.startswith(HOLD_OUT):
            continue
        if one.published or one.destroyed:
            rows += [f"\n{one.case.kind}/{one.case.name}" + (f" (known: {one.case.missed})" if one.case.missed else "")]
            rows += [f"  < {line}" for line in one.case.lines] + [f"  > {line}" for line in one.output]
            rows += [f"  published: {piece}" for piece in one.published] + [f"  destroyed: {piece}" for piece in one.destroyed]
    return "\n".join(rows)


def count(outcomes: list[Outcome]) -> Counter[str]:
    """Pieces that must vanish and must stay, and those that do not."""
    counts: Counter[str] = Counter()
    for one in outcomes:
        counts["private"] += len(one.case.private)
        counts["useful"] += len(one.case.useful) if one.case.private else len(one.case.lines)
        counts["published"] += len(one.published)
        counts["destroyed"] += len(one.destroyed)
    return counts


def recall(outcomes: list[Outcome]) -> float:
    """The share of the private pieces that vanish; 1 if there are none."""
    counts = count(outcomes)
    return 1 - counts["published"] / counts["private"] if counts["private"] else 1.0


def changes(lines: list[str]) -> str:
    """The lines that are not published as they are, and their output; of those that differ by numbers alone the first."""
    output = Sanitizer(b"a key of these tests, and of no hub").lines(lines)
    pairs = [(line, out) for line, out in zip(lines, output, strict=True) if line.strip() != out.strip()]
    counts = Counter(re.sub(r"\d+", "0", out) for _, out in pairs)
    first = {re.sub(r"\d+", "0", out): (line, out) for line, out in reversed(pairs)}
    return "\n".join(f"{counts[form]} x\n  < {first[form][0]}\n  > {first[form][1]}" for form in counts)


def main() -> None:
    """Print the table of a kind, or of all; exit with 1 if a case does not hold that should."""
    parser = argparse.ArgumentParser(prog="python -m tests.publish.recall", description=__doc__)
    parser.add_argument("kind", nargs="?", default="", help="a folder below corpus/")
    parser.add_argument("--log", type=Path, help="a file with the lines of a log")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=folder)
        migrate(settings)
        database.connect(settings)
        outcomes = [] if arguments.log else [outcome(case) for case in cases(arguments.kind)]
        print(changes(arguments.log.read_text(encoding="utf-8").splitlines()) if arguments.log else table(outcomes))
        database.disconnect()
    sys.exit(any((one.published or one.destroyed) and not one.case.missed for one in outcomes if not one.case.kind.startswith(HOLD_OUT)))


if __name__ == "__main__":
    main()
