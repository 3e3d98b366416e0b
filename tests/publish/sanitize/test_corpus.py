"""The cases of each rule in corpus/: input (<, or <j as JSON), output (>), texts that must not be in the output (!)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.publish.sanitize.pseudonyms import Pseudonym
from app.publish.sanitize.sanitizer import Sanitizer
from tests.publish.conftest import MACHINES

CORPUS = Path(__file__).parent / "corpus"


def cases() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(CORPUS.glob("*.txt")):
        for number, case in enumerate(path.read_text(encoding="utf-8").strip("\n").split("\n\n"), 1):
            yield f"{path.stem}-{number}", case.split("\n")


@pytest.mark.parametrize(("name", "case"), [pytest.param(name, case, id=name) for name, case in cases()])
def test_the_output_is_that_of_the_corpus(name: str, case: list[str], sanitizer: Sanitizer) -> None:
    Pseudonym.delete().execute()
    clean = Sanitizer(b"another key", MACHINES)
    lines = [json.loads(line[3:]) if line.startswith("<j ") else line[2:] for line in case if line.startswith("<")]
    out = clean.lines(lines)
    assert [line.rstrip() for line in out] == [line[2:] for line in case if line.startswith(">")]
    for secret in (line[2:] for line in case if line.startswith("!")):
        assert secret not in "\n".join(out)
    assert clean.lines(out) == out
