"""Damaged DQMIO files: a typed error or a listing of the rest with a count, with bounded work and in little memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.formats import FormatError, dqmio_tables, scan
from tests.formats.bounded_reading import TREE, read_all
from tests.formats.damaged_dqmio_files import hostile_files, tree_mutants
from tests.formats.damaged_files import cut, mutants

pytestmark = pytest.mark.slow

CORPUS = TREE / "tests" / "corpus" / "dqmio"
MES = 36
NAMES = {f"{folder}/{name}" for folder in ["Alpha/one", "Alpha/two/deep", "Beta/three"] for name in ["TH1F", "TH2S", "number", "text"]}


def test_truncated_file_lists_the_rest_or_is_refused_without_its_trees(dqmio_files: Path, tmp_path: Path) -> None:
    for number, part in enumerate(cut((dqmio_files / "small-zlib.root").read_bytes(), 50)):
        (tmp_path / f"{number:03}").write_bytes(part)
    answers = read_all(tmp_path, "dqmio")
    for answer in answers.values():
        assert "expected" in answer.get("error", "") or answer["unreadable"] or len(answer["names"]) == MES
    listed = [len(answer.get("names", [])) for answer in answers.values()]
    assert listed == sorted(listed)  # a longer part has more MEs
    assert (listed[0], listed[-1]) == (0, MES)


@pytest.mark.parametrize("name", ["small", "small-zlib"])
def test_300_random_damages_have_bounded_work_and_count_their_losses(dqmio_files: Path, tmp_path: Path, name: str) -> None:
    for number, mutant in enumerate(mutants((dqmio_files / f"{name}.root").read_bytes(), seed=3, number=300)):
        (tmp_path / f"{number:03}").write_bytes(mutant)
    check_losses(read_all(tmp_path, "dqmio"), least=200)


def test_300_damaged_trees_have_bounded_work_and_count_their_losses(dqmio_files: Path, tmp_path: Path) -> None:
    for number, mutant in enumerate(tree_mutants(dqmio_files / "small.root", seed=4, number=60)):
        (tmp_path / f"{number:03}").write_bytes(mutant)
    check_losses(read_all(tmp_path, "dqmio"), least=150)


def check_losses(answers: dict[str, dict[str, Any]], least: int) -> None:
    listed = [answer for answer in answers.values() if "error" not in answer]
    assert len(listed) >= least
    silent = [answer["file"] for answer in listed if len(answer["names"]) < MES and not answer["unreadable"]]
    assert len(silent) < len(answers) / 50, silent


def test_hostile_files_lose_only_the_damaged_parts_with_bounded_work(dqmio_files: Path, tmp_path: Path) -> None:
    for name, data in hostile_files(dqmio_files / "small.root"):
        (tmp_path / name).write_bytes(data)
    for name, answer in read_all(tmp_path, "dqmio").items():
        assert set(answer["names"]) <= NAMES
        assert answer["unreadable"] > 0 or len(answer["names"]) == MES or name in ("nothing-stored", "one-lumisection-for-all"), name


def test_every_file_of_the_corpus_gives_a_listing_or_an_error() -> None:
    answers = read_all(CORPUS, "dqmio")
    assert len(answers) >= 60
    assert any(answer.get("names") for answer in answers.values())


def test_file_with_too_many_entries_is_listed_up_to_the_limit(dqmio_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dqmio_tables, "MAX_ENTRIES", 20)
    result = scan(dqmio_files / "small.root", "dqmio")
    assert sum(len(listing.names) for listing in result.samples.values()) == 18
    assert result.unreadable > 0


def test_index_with_too_many_ranges_is_refused(dqmio_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dqmio_tables, "MAX_RANGES", 10)
    with pytest.raises(FormatError, match="12 entries; expected at most 10"):
        scan(dqmio_files / "small.root", "dqmio")
