"""The configurations of sources of jobs in docs/operators: each can be used, and each kind has one."""

from __future__ import annotations

import re
import tomllib

import pytest

from app.core.settings import TREE, Settings
from app.diary.sources.registry import configured_sources, source_kinds

PAGES = sorted((TREE / "docs/operators").glob("diary*.md"))
EXAMPLES = [
    (page.name, text)
    for page in PAGES
    for text in re.findall(r"^```toml[^\n]*\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    if "kind" in tomllib.loads(text)
]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=lambda value: value[:30])
def test_a_configuration_of_the_docs_can_be_used(page: str, text: str, hub: Settings) -> None:
    folder = hub.data / "sources"
    folder.mkdir()
    (folder / "example.toml").write_text(text)
    assert configured_sources(hub.replace(diary_sources_dir=str(folder))).problems == (), page


def test_each_kind_of_source_has_an_example_for_operators() -> None:
    shown = {tomllib.loads(text)["kind"] for _, text in EXAMPLES}
    wanted = {kind.name for kind in source_kinds().values() if not kind.is_default}
    assert wanted <= shown, f"add an example of {wanted - shown} to docs/operators/diary.md or a page beside it"


def test_each_kind_of_source_is_in_the_table_for_operators() -> None:
    table = (TREE / "docs/operators/diary.md").read_text(encoding="utf-8").partition("## Sources")[2].partition("\n## ")[0]
    listed = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([^`]+)`", row)}
    assert source_kinds().keys() <= listed, f"add {source_kinds().keys() - listed} to the table of docs/operators/diary.md"
