"""The operators' page on published data agrees with the code."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from app.core.settings import TREE
from app.publish.sanitize.pseudonyms import Pseudonym
from app.publish.sanitize.sanitizer import Sanitizer
from app.square.published.fields import PublicEvent, PublicJob, PublicMachine, PublicRun

PAGE = (TREE / "docs" / "operators" / "publish.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `([a-z-]+)` \| `(.+)` \| `(.+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("kind", "text", "published"), EXAMPLES)
@pytest.mark.both_databases
def test_the_examples_of_the_page_are_the_real_output(kind: str, text: str, published: str, sanitizer: Sanitizer) -> None:
    Pseudonym.delete().execute()
    clean = Sanitizer(b"another key")
    assert clean.text(text) == published
    assert kind in clean.counts


def test_every_counted_kind_is_documented() -> None:
    assert {kind for kind, _, _ in EXAMPLES} == {"host", "path", "user", "e-mail", "address", "token", "key", "environment"}
    assert "(`line`)" in PAGE
    assert "`field` counts" in PAGE


@pytest.mark.parametrize(("title", "what"), [("run", PublicRun), ("job", PublicJob), ("host", PublicMachine), ("event", PublicEvent)])
def test_the_page_names_exactly_the_published_fields(title: str, what: type[NamedTuple]) -> None:
    table = re.search(rf"\| field of an? {title} \|.*?\n\n", PAGE, re.DOTALL)
    assert table
    named = [name for row in table[0].strip().splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(what._fields)
