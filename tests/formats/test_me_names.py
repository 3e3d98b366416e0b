from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats import MENames

PART = st.text(alphabet="aAbB 0/.é-", min_size=1, max_size=4).filter(lambda part: "/" not in part)
PATHS = st.lists(st.lists(PART, min_size=1, max_size=4).map("/".join), max_size=30)


def names_of(paths: list[str]) -> tuple[MENames, list[bytes]]:
    plain = sorted({path.encode() for path in paths})
    return MENames(plain), plain


@given(PATHS)
def test_list_has_its_names_in_order_also_after_unpacking(paths: list[str]) -> None:
    names, plain = names_of(paths)
    for listed in (names, MENames.unpack(names.pack())):
        assert [listed[index] for index in range(len(listed))] == plain


@given(PATHS, PART)
def test_find_returns_the_index_of_a_whole_path_only(paths: list[str], other: str) -> None:
    names, plain = names_of(paths)
    for index, path in enumerate(plain):
        assert names.find(path) == index
    absent = other.encode()
    assert names.find(absent) == (plain.index(absent) if absent in plain else None)


@given(PATHS)
def test_folders_have_the_subfolders_counts_and_mes_of_the_paths(paths: list[str]) -> None:
    names, plain = names_of(paths)
    folders = {path[:end] for path in plain for end in range(len(path)) if path[end : end + 1] == b"/"}
    for folder in folders | {b"", b"nowhere"}:
        prefix = folder + b"/" if folder else b""
        below = [path[len(prefix) :] for path in plain if path.startswith(prefix)]
        counts = {
            name: sum(path.startswith(name + b"/") for path in below) for path in below if b"/" in path for name in [path.split(b"/")[0]]
        }
        found = names.folder(folder)
        first, last = names.below(folder)
        assert [names[index] for index in range(first, last)] == [path for path in plain if path.startswith(prefix)]
        assert [(sub.name, sub.me_count) for sub in found.subfolders] == sorted(counts.items())
        assert [names[index] for index in found.mes] == [
            path for path in plain if path.startswith(prefix) and b"/" not in path[len(prefix) :]
        ]
        for sub in found.subfolders:
            assert all(names[index].startswith(prefix + sub.name + b"/") for index in range(sub.first, sub.last))


@given(PATHS, st.lists(st.text(alphabet="aAbB /é", max_size=3), max_size=3), st.integers(0, 40))
def test_search_finds_paths_with_every_word_in_upper_and_lower_case(paths: list[str], words: list[str], limit: int) -> None:
    names, plain = names_of(paths)
    lowered = [word.encode().lower() for word in words]
    expected = [index for index, path in enumerate(plain) if all(word in path.lower() for word in lowered)]
    assert names.search(words, limit) == expected[:limit]


def test_index_outside_the_list_is_an_error() -> None:
    names, _ = names_of(["A/x", "B/y"])
    for index in (-1, 2):
        with pytest.raises(IndexError):
            names[index]


def test_word_with_a_nul_matches_nothing() -> None:
    names, _ = names_of(["A/x", "B/y"])
    assert names.search(["x\0B"], 10) == []


def test_words_of_a_search_after_the_first_twenty_different_ones_are_left_out() -> None:
    names, _ = names_of(["A/x", "B/y"])
    twenty = [chr(ord("a") + number) for number in range(20)]
    all_letters, _ = names_of(["".join(twenty), "z"])
    assert all_letters.search([*twenty, *twenty, "not there"], 10) == [0]
    assert names.search(["x"] * 1000 + ["not there"], 10) == [], "equal words are one"
